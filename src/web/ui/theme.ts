/** Mantine in our tokens: its colours are named here, their values live in tokens.css. */
import { createTheme, Loader, Modal, Drawer, Tooltip, type MantineColorsTuple } from '@mantine/core';

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
  components: {
    Loader: Loader.extend({ defaultProps: { size: 16 } }),
    Modal: Modal.extend({ defaultProps: { padding: 0, transitionProps: { duration: 120, transition: 'fade' } } }),
    Drawer: Drawer.extend({ defaultProps: { padding: 0, position: 'right', transitionProps: { duration: 160 } } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400, transitionProps: { duration: 80 } } }),
  },
});
