/* A bytecode interpreter whose dispatch is a switch, so a computed branch (bctr) for each bytecode; it sums Collatz path lengths. */
#include "workload.h"

enum opcode { PUSH, LOAD, STORE, ADD, MUL, AND, HALVE, LESS, JUMP, JUMP_IF_ZERO, HALT, NOP };

enum variable { N, X, STEPS, TOTAL, VARIABLES };

enum { LIMIT = 400 };

struct instruction {
  uint16_t opcode;
  uint16_t operand;
};

/* for (n = 1; n < LIMIT; n++) { for (x = n, steps = 0; 1 < x; steps++) x = x & 1 ? 3 * x + 1 : x / 2; total += steps * n; } */
static const struct instruction program[] = {
    [0] = {PUSH, 1},       {STORE, N},
    [2] = {LOAD, N},       {PUSH, LIMIT},  {LESS, 0},     {JUMP_IF_ZERO, 46},
    [6] = {LOAD, N},       {STORE, X},     {PUSH, 0},     {STORE, STEPS},
    [10] = {PUSH, 1},      {LOAD, X},      {LESS, 0},     {JUMP_IF_ZERO, 34},
    [14] = {LOAD, X},      {PUSH, 1},      {AND, 0},      {JUMP_IF_ZERO, 25},
    [18] = {LOAD, X},      {PUSH, 3},      {MUL, 0},      {PUSH, 1},           {ADD, 0},      {STORE, X},  {JUMP, 28},
    [25] = {LOAD, X},      {HALVE, 0},     {STORE, X},
    [28] = {LOAD, STEPS},  {PUSH, 1},      {ADD, 0},      {STORE, STEPS},      {JUMP, 10},    {NOP, 0},
    [34] = {LOAD, STEPS},  {LOAD, N},      {MUL, 0},      {LOAD, TOTAL},       {ADD, 0},      {STORE, TOTAL},
    [40] = {LOAD, N},      {PUSH, 1},      {ADD, 0},      {STORE, N},          {JUMP, 2},     {NOP, 0},
    [46] = {HALT, 0},
};

/* Out of line, so that the compiler can't see which program it runs. */
__attribute__((noinline)) static uint32_t interpret(const struct instruction *code) {
  uint32_t variables[VARIABLES] = {0};
  uint32_t stack[8];
  uint32_t *top = stack;
  for (const struct instruction *at = code;;) {
    uint32_t operand = at->operand;
    switch ((enum opcode)(at++)->opcode) {
      case PUSH:
        *top++ = operand;
        break;
      case LOAD:
        *top++ = variables[operand];
        break;
      case STORE:
        variables[operand] = *--top;
        break;
      case ADD:
        top--;
        top[-1] += *top;
        break;
      case MUL:
        top--;
        top[-1] *= *top;
        break;
      case AND:
        top--;
        top[-1] &= *top;
        break;
      case HALVE:
        top[-1] >>= 1;
        break;
      case LESS:
        top--;
        top[-1] = top[-1] < *top;
        break;
      case JUMP:
        at = code + operand;
        break;
      case JUMP_IF_ZERO:
        if (*--top == 0) at = code + operand;
        break;
      case NOP:
        break;
      case HALT:
        return variables[TOTAL];
    }
  }
}

uint32_t workload(void) {
  return interpret(program);
}
