import { defineFieldView } from '../../../core/kinds/field-view.ts';
import { moneyView } from '../money/money.view.tsx';

/** Money that nobody types. */
export const lineTotalView = defineFieldView({ ...moneyView, Input: undefined });
