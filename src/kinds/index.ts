/** All kinds there are, as a catalog takes them. */
import type { Kinds } from '../core/catalog/catalog.ts';
import { checkpointKinds } from './checkpoints/index.ts';
import { fieldTypes } from './fields/index.ts';
import { operators } from './operators/index.ts';

export const kinds: Kinds = { fields: fieldTypes, operators, checkpoints: checkpointKinds };
