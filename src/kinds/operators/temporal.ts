import type { FieldModel } from '../../core/catalog/catalog.ts';

/** Is it told in words of time: after and before rather than more and less? */
export const isTemporal = (field: FieldModel | undefined): boolean =>
  field?.type.traits(field).includes('temporal') ?? false;
