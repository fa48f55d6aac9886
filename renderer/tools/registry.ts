// Every tool by its name, made once for a canvas.
import type { ToolName } from '../../main/contract/tools.ts';
import { BoxTool } from './boxTool.ts';
import { PolygonTool } from './polygonTool.ts';
import { PromptTool } from './promptTool.ts';
import { ScissorsTool } from './scissorsTool.ts';
import { SelectTool } from './selectTool.ts';
import type { ShapeGrid } from './shapeGrid.ts';
import { StrokeTool } from './strokeTool.ts';
import type { Tool, ToolContext } from './tool.ts';
import { WandTool } from './wandTool.ts';

export const createTools = (context: ToolContext, index: () => ShapeGrid): Readonly<Record<ToolName, Tool>> => ({
  select: new SelectTool(context, index),
  brush: new StrokeTool(context, false),
  eraser: new StrokeTool(context, true),
  polygon: new PolygonTool(context, false),
  freehand: new PolygonTool(context, true),
  box: new BoxTool(context, false),
  scissors: new ScissorsTool(context),
  wand: new WandTool(context),
  'cut out': new BoxTool(context, true),
  points: new PromptTool(context, false),
  'prompt box': new PromptTool(context, true),
});
