/** The wide checks need QEMU, the cross compiler and the built Linux guests; `.ci/run` installs them. */
export default {
  files: ['{packages/*,bench,reports}/dist/test/**/*.wide.test.js'],
  timeout: '30m',
  concurrency: 2,
};
