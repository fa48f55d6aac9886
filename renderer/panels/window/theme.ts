// Defines how the window looks: neutral greys beside pictures, one accent, small and dense controls, text that can be read.
import {
  ActionIcon,
  Button,
  type CSSVariablesResolver,
  createTheme,
  Drawer,
  Modal,
  NumberInput,
  Select,
  TextInput,
  Tooltip,
} from '@mantine/core';

/** A dialog that closes slowly keeps the keys that are pressed meanwhile, and they do nothing. */
const atOnce = { duration: 200, exitDuration: 0 };

export const theme = createTheme({
  primaryColor: 'lens',
  primaryShade: { light: 7, dark: 8 },
  colors: {
    lens: [
      '#eef3ff',
      '#dbe5fb',
      '#b6c9f3',
      '#8eabec',
      '#6c91e6',
      '#5580e2',
      '#4877e1',
      '#3763c4',
      '#2f59b2',
      '#214b9e',
    ],
  },
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'Cascadia Mono', 'SF Mono', Menlo, 'Liberation Mono', monospace",
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  components: {
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: 'subtle', color: 'gray', size: 'md' } }),
    Button: Button.extend({ defaultProps: { size: 'xs' } }),
    TextInput: TextInput.extend({ defaultProps: { size: 'xs' } }),
    NumberInput: NumberInput.extend({ defaultProps: { size: 'xs' } }),
    Select: Select.extend({ defaultProps: { size: 'xs', checkIconPosition: 'right' } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 350, closeDelay: 50, position: 'bottom', fz: 'xs' } }),
    Modal: Modal.extend({
      defaultProps: {
        centered: true,
        closeButtonProps: { 'aria-label': 'Close' },
        transitionProps: { transition: 'fade-down', ...atOnce },
      },
    }),
    Drawer: Drawer.extend({ defaultProps: { transitionProps: atOnce } }),
  },
});

/** Mantine's dimmed text misses the contrast of WCAG AA on grey; these have at least 5 to 1 on every surface here. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-dimmed': '#56606b',
    '--mantine-color-placeholder': '#69727c',
    '--mantine-color-gray-text': '#3c444d',
    '--mantine-color-gray-light-color': '#3c444d',
    '--mantine-color-red-light-color': '#b02525',
    '--mantine-color-green-light-color': '#1f6b33',
    '--mantine-color-yellow-light-color': '#7a5300',
    '--loupe-surface': '#f5f6f8',
    '--loupe-panel': '#ffffff',
    '--loupe-line': '#d9dde2',
    '--loupe-stage': '#cfd3d8',
    '--loupe-good': '#1f7a3d',
    '--loupe-warn': '#8a5a00',
    '--loupe-bad': '#b42318',
    '--loupe-lit': '#dbe5fb',
  },
  dark: {
    '--mantine-color-dimmed': '#aeb5bd',
    '--mantine-color-placeholder': '#8d959e',
    '--mantine-color-gray-text': '#d3d7db',
    '--mantine-color-gray-light-color': '#d3d7db',
    '--loupe-surface': '#1b1d20',
    '--loupe-panel': '#232629',
    '--loupe-line': '#383c41',
    '--loupe-stage': '#131416',
    '--loupe-good': '#5ecb81',
    '--loupe-warn': '#f0b44c',
    '--loupe-bad': '#ff8a80',
    '--loupe-lit': '#2c3f66',
  },
});
