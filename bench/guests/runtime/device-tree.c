/* Finds /chosen/bootargs in the flattened device tree that r3 pointed to (Devicetree Specification 0.4, chapter 5). */
#include "guest.h"

/* Set by crt0.S; not a device tree at all where the board gives none. */
const uint32_t *device_tree = NULL;

enum { FDT_MAGIC = (int)0xd00dfeed, FDT_BEGIN_NODE = 1, FDT_END_NODE = 2, FDT_PROP = 3, FDT_NOP = 4 };

static int same_text(const char *a, const char *b) {
  while (*a != '\0' && *a == *b) a++, b++;
  return *a == *b;
}

static uint32_t text_length(const char *text) {
  uint32_t length = 0;
  while (text[length] != '\0') length++;
  return length;
}

static const char *boot_arguments(void) {
  if (device_tree == NULL || device_tree[0] != (uint32_t)FDT_MAGIC) return "";
  const uint32_t *token = device_tree + device_tree[2] / 4;
  const char *strings = (const char *)device_tree + device_tree[3];
  int depth = 0;
  int in_chosen = 0;
  for (;;) {
    switch (*token++) {
      case FDT_BEGIN_NODE: {
        const char *name = (const char *)token;
        depth++;
        in_chosen = depth == 2 && same_text(name, "chosen");
        token += text_length(name) / 4 + 1;
        break;
      }
      case FDT_END_NODE:
        depth--;
        in_chosen = 0;
        break;
      case FDT_PROP: {
        const char *value = (const char *)(token + 2);
        if (in_chosen && same_text(strings + token[1], "bootargs")) return value;
        token += 2 + (token[0] + 3) / 4;
        break;
      }
      case FDT_NOP:
        break;
      default:
        return "";
    }
  }
}

uint32_t boot_argument(const char *name, uint32_t otherwise) {
  const char *text = boot_arguments();
  while (*text != '\0') {
    const char *wanted = name;
    while (*wanted != '\0' && *text == *wanted) text++, wanted++;
    if (*wanted == '\0' && *text == '=') {
      uint32_t value = 0;
      for (text++; *text >= '0' && *text <= '9'; text++) value = value * 10 + (uint32_t)(*text - '0');
      return value;
    }
    while (*text != '\0' && *text != ' ') text++;
    while (*text == ' ') text++;
  }
  return otherwise;
}
