// Draws one SVG file in a program that is forked for it, and stopped where it takes too long or too much.
import { performTask } from '../tasks/task.ts';
import { drawHere } from './image.ts';
import type { DrawnSvg, SvgTask } from './svgApart.ts';

performTask<SvgTask, never, DrawnSvg | null>(drawHere);
