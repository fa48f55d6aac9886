// Writes a prompt of a scene and its true answer as token ids, cut where the picture ends so that turns can share the picture.
import type { NanoTokenizer } from '../../../models/qwen/nanoTokenizer.ts';
import { answeredTurn, type Conversation } from '../../learn/turns/turnTokens.ts';
import { answerText } from '../../scenes/answerText.ts';
import type { Scene, ScenePrompt } from '../../scenes/scene.ts';
import { cells } from '../parameters/layout.ts';

/** A prompt and its true answer as ids, cut where the picture ends. */
export const conversation = (tokenizer: NanoTokenizer, scene: Scene, prompt: ScenePrompt): Conversation =>
  answeredTurn(tokenizer, prompt.text, { text: answerText(scene, prompt), side: cells });
