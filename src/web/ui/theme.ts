/** Mantine in our tokens: its colours are named here, their values live in tokens.css. */
import { createTheme, type MantineColorsTuple } from '@mantine/core';

const cobalt: MantineColorsTuple = [
  '#eef2fd',
  '#dce5fb',
  '#b9c8f6',
  '#8fadff',
  '#5f86f4',
  '#3f6cf0',
  '#1f4fd8',
  '#1943b8',
  '#163a9d',
  '#122f80',
];

/** Enter takes the first that fits; the list itself scrolls, so that it stays one thing for assistive technology. */
const choosing = { selectFirstOptionOnChange: true, withScrollArea: false, role: 'combobox' };

/** A page has one banner; the head of a dialog is none. */
const quietHead = { header: { role: 'presentation' } };

export const theme = createTheme({
  primaryColor: 'cobalt',
  colors: { cobalt },
  primaryShade: { light: 6, dark: 5 },
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--font-mono)',
  headings: { fontFamily: 'var(--font)', fontWeight: '600' },
  defaultRadius: 6,
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  respectReducedMotion: true,
  // By name, not by import: what a page does not show is not loaded with the theme.
  components: {
    Loader: { defaultProps: { size: 16 } },
    Modal: {
      defaultProps: {
        padding: 0,
        attributes: quietHead,
        transitionProps: { duration: 120, transition: 'fade' },
      },
    },
    Drawer: {
      defaultProps: {
        padding: 0,
        attributes: quietHead,
        position: 'right',
        transitionProps: { duration: 160 },
      },
    },
    Select: { defaultProps: choosing },
    MultiSelect: { defaultProps: choosing },
    Tooltip: { defaultProps: { openDelay: 400, transitionProps: { duration: 80 } } },
  },
});
