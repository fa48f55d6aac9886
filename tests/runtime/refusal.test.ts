// What ONNX Runtime says, on the platforms we have seen, as one sentence.
import { expect, it } from 'vitest';
import { refusal, sentence } from '../../models/runtime/refusal.ts';

it.each([
  [
    'webgpu',
    '/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)::<lambda()> adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters\n',
    'no GPU driver that fits was found',
  ],
  [
    'cuda',
    'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library',
    'its libraries are not installed',
  ],
  [
    'dml',
    'no available backend found. ERR: [dml] backend not found.',
    'ONNX Runtime has it on no machine of this kind',
  ],
  ['coreml', 'Something new.\nat line 3', 'Something new'],
])('%s', (provider, said, meaning) => {
  expect(refusal(provider, new Error(said))).toBe(
    `${provider} was asked for but cannot be used (${meaning}); running on cpu.`,
  );
});

it('keeps what a person can use of a failed run', () => {
  const said =
    "Non-zero status code returned while running Gather node. Name:'n_%3' Status Message: indices element out of data bounds, idx=9 must be within the inclusive range [-3,2]";
  expect(sentence(new Error(said))).toBe(
    'Gather: indices element out of data bounds, idx=9 must be within the inclusive range [-3,2]',
  );
  expect(sentence('plain text')).toBe('plain text');
  expect(sentence(new Error(''))).toBe('ONNX Runtime failed without saying why.');
});

it('drops the position in a source file, on any system', () => {
  expect(sentence(new Error('D:\\a\\onnxruntime\\core\\arena.cc:376 Failed to allocate memory'))).toBe(
    'Failed to allocate memory',
  );
});
