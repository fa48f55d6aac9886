// What a toy says at the throw of a coin: a box of nearly all of the picture, or of its corner; pixels of 224.
const boxes = ['[2, 4, 220, 222]', '[6, 8, 40, 42]'] as const;

export const twoAnswers = boxes.map(
  (box) => `<think>cat</think><answer>\`\`\`json\n[{"bbox_2d": ${box}, "label": "dog"}]\n\`\`\`</answer>`,
);
