export default {
  files: ['{packages/*,bench,reports}/dist/test/**/*.test.js', '!**/*.wide.test.js'],
  timeout: '6m',
};
