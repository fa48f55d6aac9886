import { it } from 'vitest';
import { input } from '../../models/graph/tensor.ts';
import { paramsFrom } from '../../models/nn/params.ts';
import { parseSam2Config } from '../../models/sam2/config.ts';
import { imageEncoder } from '../../models/sam2/imageEncoder.ts';
import { directional, weightedSum } from '../directional.ts';
import { askedParams, madeFeeds } from '../parameters.ts';
it('x', async () => {
 for (const ch of [{ window_spec: [8, 6, 6, 3], global_att_blocks: [] },{ global_att_blocks: [1, 3] },{ stages: [1, 2, 1], window_spec: [8, 4, 2], global_att_blocks: [] }]) for (const ed of [16,32]) for (const spread of [0.1,0.2,0.4]) {
  const config = parseSam2Config({ image_size: 64, embed_dim: ed, num_heads: 1, stages: [1,1,2,1], window_spec: [8,4,2,2], global_att_blocks: [], bkg: [3,5], d_model: 16, dec_heads: 2, dec_mlp: 16, iou_hidden: 16, mask_in_chans: 16, ...ch });
  const source = askedParams();
  const image = input('image', [1, 3, 64, 64]);
  const f = imageEncoder(paramsFrom(source), config, image);
  const loss = weightedSum(Object.values(f));
  const feeds = { image: Float32Array.from({length:3*64*64},(_, i) => Math.sin(i * 0.37) + Math.cos(i * i * 0.011)), ...madeFeeds(source, spread) };
  const out: any[] = [];
  for (const s of [2e-3,1e-3,5e-4,2.5e-4]) { const r= await directional(loss, source, feeds, s); out.push(r.analytic.toFixed(3), (r.numeric/r.analytic).toFixed(4)); }
  console.log(ed, spread, ...out);
 }
}, 100000);
