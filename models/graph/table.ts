// All operators by name. Total over OpName: an operator without a row does not compile.
import { Attend, RotaryEmbedding } from './attention.ts';
import * as conv from './conv.ts';
import * as elementwise from './elementwise.ts';
import * as gather from './gather.ts';
import { MatMul } from './linear.ts';
import * as norm from './norm.ts';
import { DequantizeLinear, MatMulNBits } from './quantised.ts';
import { Recompute } from './recompute.ts';
import * as reduce from './reduce.ts';
import * as shape from './shape.ts';
import { Constant, Input, type Op, type OpName, Stored } from './tensor.ts';

const { Abs, Add, And, Cast, Clip, Cos, Div, Equal, Erf, Exp, Floor, Gelu, Greater, GreaterOrEqual } = elementwise;
const { Less, LessOrEqual, Log, Max, Min, Mul, Neg, Not, Or, Pow, QuickGelu, Reciprocal, Relu } = elementwise;
const { Sigmoid, Sin, Sqrt, Sub, Tanh, Where } = elementwise;
const { ArgMax, LogSoftmax, ReduceMax, ReduceMean, ReduceMin, ReduceSum, Softmax, StopGradient } = reduce;
const { Concat, Expand, Pad, Reshape, Slice, Transpose } = shape;
const { Conv, ConvTranspose } = conv;
const { Gather, GatherElements, ScatterElements } = gather;
const { InverseRms, LayerNormalization, RMSNormalization } = norm;

export const operators: { readonly [name in OpName]: Op & { name: OpName } } = {
  ...{
    Abs,
    Add,
    And,
    ArgMax,
    Attend,
    Cast,
    Clip,
    Concat,
    Conv,
    ConvTranspose,
    Cos,
    DequantizeLinear,
    Div,
    Equal,
    Erf,
    Exp,
  },
  ...{ Expand, Floor },
  ...{ Gather, GatherElements, Gelu, Greater, GreaterOrEqual },
  ...{ InverseRms, LayerNormalization, Less, LessOrEqual, Log, LogSoftmax },
  ...{
    MatMul,
    MatMulNBits,
    Max,
    Min,
    Mul,
    Neg,
    Not,
    Or,
    Pad,
    Pow,
    QuickGelu,
    RMSNormalization,
    Reciprocal,
    ReduceMax,
    ReduceMean,
  },
  ...{
    ReduceMin,
    ReduceSum,
    Relu,
    Reshape,
    RotaryEmbedding,
    ScatterElements,
    Sigmoid,
    Sin,
    Slice,
    Softmax,
    Sqrt,
    Sub,
    Tanh,
    Transpose,
  },
  ...{ Where, Input, Constant, Stored, Recompute, StopGradient },
};
