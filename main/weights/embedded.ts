// Says where the weights lie that come with Loupe.
import path from 'node:path';

export const embeddedWeights = path.resolve(import.meta.dirname, '../../resources/weights/loupe-nano');
