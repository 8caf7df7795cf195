/** Height of a list row in px: 34, on touch 44; the same as --row in base.css. */
import { useMediaQuery } from '@mantine/hooks';

export const useRowHeight = (): number =>
  useMediaQuery('(pointer: coarse)', false, { getInitialValueInEffect: false }) ? 44 : 34;
