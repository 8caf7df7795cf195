import { defineFieldView } from '../../../core/kinds/field-view.ts';
import { computedView } from '../computed/computed.view.tsx';

/** Counts, sums and dates over related records look like any other answer. */
export const rollupView = defineFieldView({ ...computedView });
