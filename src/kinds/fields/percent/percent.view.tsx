import { NumberField, numberLike, numberWords } from '../number/number.view.tsx';

export const percentView = numberLike({
  width: 90,
  text: (value, field, env) => {
    const words = numberWords(value, field, env.locale);
    return words && `${words}\u202f%`;
  },
  Input: (props) => <NumberField {...props} unit="%" />,
});
