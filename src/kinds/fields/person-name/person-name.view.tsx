import { textLike } from '../text/text.view.tsx';

export const personNameView = textLike({}, { width: 150 });
