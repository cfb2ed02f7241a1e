// One configuration for every package. ESLint takes paths relative to the folder it is started in: a package, or tools/.
import js from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const otherPackages = {
  group: ['@x/*/src/**', '@x/*/dist/**', '../../*/src/**', '../../../packages/**'],
  message: 'Import another package by its name: its exports are all that it promises.',
};
const tfjsInside = {
  group: ['@tensorflow/*/dist/**'],
  message: 'Import tfjs by its package name: files under dist are a second copy of it.',
};

export default tseslint.config(
  { ignores: ['**/dist/**', '**/coverage/**', '**/node_modules/**', '**/fixtures/**'] },
  // a user's program: its types are those of the installed packages, and its own compiler run checks them
  { ignores: ['**/consumer-check/app/*.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  { files: ['**/*.{js,cjs,mjs}'], languageOptions: { globals: globals.node } },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs' } },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: process.cwd() } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', ignoreRestSiblings: true }],
      // a shape prints well
      '@typescript-eslint/restrict-template-expressions': ['error', { allowArray: true, allowNumber: true }],
      // a method whose contract returns a promise is `async` so that what it throws is a rejection
      '@typescript-eslint/require-await': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-imports': ['error', { patterns: [otherPackages, tfjsInside] }],
    },
  },
  {
    files: ['**/*.test.ts'],
    languageOptions: { globals: globals.jest },
    rules: {
      // jest's matchers are typed `any`, and a spy is asked about a method without calling it
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
