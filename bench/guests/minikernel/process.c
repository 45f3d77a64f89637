/* Processes: their making and their turns. */
#include "kernel.h"

struct process processes[PROCESSES];
struct process idle_process;

enum { IDLE_STACK_WORDS = 16 };
static uint32_t idle_stack[IDLE_STACK_WORDS] __attribute__((aligned(16)));

#define CHECK_OFFSET(field, offset) _Static_assert(offsetof(struct process, field) == (offset), "layout.h disagrees with struct process")
CHECK_OFFSET(registers.gpr[31], PROCESS_GPR(31));
CHECK_OFFSET(registers.pc, PROCESS_PC);
CHECK_OFFSET(registers.msr, PROCESS_MSR);
CHECK_OFFSET(registers.cr, PROCESS_CR);
CHECK_OFFSET(registers.lr, PROCESS_LR);
CHECK_OFFSET(registers.ctr, PROCESS_CTR);
CHECK_OFFSET(registers.xer, PROCESS_XER);
CHECK_OFFSET(pid, PROCESS_PID);
CHECK_OFFSET(directory, PROCESS_DIRECTORY);

/* user/start.S: takes the process's number and the scale in r3 and r4. */
void user_start(void);

void create_processes(uint32_t scale) {
  for (uint32_t i = 0; i < PROCESSES; i++) {
    struct process *process = &processes[i];
    process->pid = i + 1;
    process->directory = create_directory();
    process->state = RUNNABLE;
    process->registers.pc = (uint32_t)user_start;
    process->registers.msr = MSR_PR | MSR_EE | MSR_ME;
    process->registers.gpr[1] = USER_STACK_END - 16;
    process->registers.gpr[3] = i;
    process->registers.gpr[4] = scale;
  }
  idle_process.registers.pc = (uint32_t)idle_loop;
  idle_process.registers.msr = MSR_EE | MSR_ME;
  /*
   * It uses no stack, but KVM takes a kernel whose r1 equals the shared page's `critical` field, 0 where nobody sets it, to be in a
   * critical section and holds its interrupts back (kvmppc_booke_irqprio_deliver, Linux 3.4).
   */
  idle_process.registers.gpr[1] = (uint32_t)&idle_stack[IDLE_STACK_WORDS];
}

struct process *next_process(struct process *process) {
  uint32_t last = process == &idle_process ? 0 : (uint32_t)(process - processes);
  int sleepers = 0;
  for (uint32_t i = 1; i <= PROCESSES; i++) {
    struct process *candidate = &processes[(last + i) % PROCESSES];
    if (candidate->state == RUNNABLE) return candidate;
    if (candidate->state == SLEEPING) sleepers++;
  }
  return sleepers > 0 ? &idle_process : NULL;
}

void wake_sleepers(void) {
  for (uint32_t i = 0; i < PROCESSES; i++) {
    if (processes[i].state == SLEEPING && --processes[i].ticks_to_sleep == 0) processes[i].state = RUNNABLE;
  }
}
