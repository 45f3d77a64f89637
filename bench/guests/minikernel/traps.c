/* What the kernel does for each interrupt. */
#include "kernel.h"
#include "../compute/workload.h"

/* Timebase ticks from one decrementer interrupt to the next; 0 where a workload runs without a tick. */
#ifndef TICK_PERIOD
#define TICK_PERIOD 0
#endif

uint32_t ticks;

void start_ticks(void) {
  if (TICK_PERIOD == 0) return;
  write_spr(SPR_DEC, TICK_PERIOD);
  write_spr(SPR_TCR, TCR_DIE);
}

/* All processes are done: what they returned, in their order, is the result. */
static _Noreturn void finish(void) {
  uint32_t checksum = FOLD_START;
  for (uint32_t i = 0; i < PROCESSES; i++) checksum = fold(checksum, processes[i].exit_value);
  if (TICK_PERIOD != 0 && ticks == 0) guest_fail("no tick came", 0);
  guest_finish(checksum);
}

static struct process *switch_from(struct process *process) {
  struct process *next = next_process(process);
  if (next == NULL) finish();
  return next;
}

/* Hands a fault to the process's own handler, which gets the vector and the address and says where to go on. */
static void reflect(struct process *process, uint32_t vector, uint32_t ea) {
  if (process->handler == 0 || process->in_handler) guest_fail("unhandled fault of a process at", process->registers.pc);
  process->in_handler = 1;
  process->interrupted = process->registers;
  process->registers.pc = process->handler;
  /* The handler's frames go below what the interrupted code may still use. */
  process->registers.gpr[1] -= 256;
  process->registers.gpr[3] = vector;
  process->registers.gpr[4] = ea;
  process->registers.gpr[5] = process->interrupted.pc;
}

static void handle_fault(struct process *process, uint32_t vector, uint32_t ea, uint32_t needed_permission) {
  if (resolve_fault(process, ea, needed_permission) == NOT_ALLOWED) reflect(process, vector, ea);
}

/* Reads user memory as the process sees it, through the TLB, in supervisor mode. */
static uint32_t checksum_user_memory(struct process *process, uint32_t start, uint32_t count) {
  uint32_t checksum = FOLD_START;
  for (uint32_t ea = start; ea < start + 4 * count; ea += 4) {
    if (ea < USER_DATA || ea >= USER_DATA_END) guest_fail("checksum outside the data", ea);
    if (process->directory[ea >> 21] == NULL || (process->directory[ea >> 21][ea >> 12 & 511].low & PTE_PRESENT) == 0) {
      resolve_fault(process, ea, TLB2_UR);
    }
    checksum = fold(checksum, *(volatile uint32_t *)ea);
  }
  return checksum;
}

static struct process *yield(struct process *process) {
  struct process *next = switch_from(process);
  uint32_t message = process->registers.gpr[3];
  process->in_yield = 1;
  /* The message goes to whom the turn goes to, if it is there to take it. */
  if (next->in_yield) {
    next->registers.gpr[3] = message;
    next->in_yield = 0;
  }
  return next;
}

static struct process *system_call(struct process *process) {
  uint32_t *gpr = process->registers.gpr;
  switch (gpr[0]) {
    case CALL_EXIT:
      process->state = EXITED;
      process->exit_value = gpr[3];
      return switch_from(process);
    case CALL_GET_PID:
      gpr[3] = process->pid;
      return process;
    case CALL_YIELD:
      return yield(process);
    case CALL_SLEEP:
      process->state = SLEEPING;
      process->ticks_to_sleep = gpr[3];
      return switch_from(process);
    case CALL_DISCARD:
      for (uint32_t i = 0; i < gpr[4]; i++) discard_page(process, gpr[3] + i * PAGE_BYTES);
      return process;
    case CALL_CHECKSUM:
      gpr[3] = checksum_user_memory(process, gpr[3], gpr[4]);
      return process;
    case CALL_SET_HANDLER:
      process->handler = gpr[3];
      return process;
    case CALL_RETURN_FROM_HANDLER: {
      uint32_t pc = gpr[3];
      process->registers = process->interrupted;
      process->registers.pc = pc;
      process->in_handler = 0;
      return process;
    }
    default:
      guest_fail("unknown system call", gpr[0]);
  }
}

static struct process *tick(struct process *process) {
  write_spr(SPR_TSR, TSR_DIS);
  write_spr(SPR_DEC, TICK_PERIOD);
  ticks++;
  wake_sleepers();
  /* The idle loop starts afresh, without the wait state that the interrupt found it in. */
  if (process == &idle_process) process->registers.msr = MSR_EE | MSR_ME;
  return switch_from(process);
}

struct process *handle_trap(struct process *process, uint32_t vector) {
  int from_user = (process->registers.msr & MSR_PR) != 0;
  if (!from_user && !(process == &idle_process && vector == VECTOR_DECREMENTER)) guest_fail("fault in the kernel at", process->registers.pc);
  switch (vector) {
    case VECTOR_SYSTEM_CALL:
      return system_call(process);
    case VECTOR_DECREMENTER:
      return tick(process);
    case VECTOR_DATA_STORAGE:
      reflect(process, vector, read_spr(SPR_DEAR));
      return process;
    case VECTOR_DATA_TLB:
      handle_fault(process, vector, read_spr(SPR_DEAR), (read_spr(SPR_ESR) & ESR_ST) != 0 ? TLB2_UW : TLB2_UR);
      return process;
    case VECTOR_INSTRUCTION_TLB:
      handle_fault(process, vector, process->registers.pc, TLB2_UX);
      return process;
    default:
      reflect(process, vector, process->registers.pc);
      return process;
  }
}
