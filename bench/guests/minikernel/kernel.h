/*
 * The small kernel: user processes with their own address spaces, demand-mapped pages, a software-filled TLB, system calls,
 * time slices, and faults handed to the process. It runs with interrupts off and keeps a process's registers in the process itself.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include "../runtime/guest.h"
#include "../runtime/spr.h"
#include "layout.h"

/* One entry of a page table; see layout.h. */
struct page_table_entry {
  uint32_t high;
  uint32_t low;
};

struct registers {
  uint32_t gpr[32];
  uint32_t pc;
  uint32_t msr;
  uint32_t cr;
  uint32_t lr;
  uint32_t ctr;
  uint32_t xer;
};

enum process_state { UNUSED, RUNNABLE, SLEEPING, EXITED };

struct process {
  struct registers registers;
  uint32_t pid;
  struct page_table_entry **directory;
  enum process_state state;
  uint32_t ticks_to_sleep;
  uint32_t exit_value;
  int in_yield;
  /* The address of the process's fault handler, 0 for none; while it runs, the registers of what it interrupted. */
  uint32_t handler;
  int in_handler;
  struct registers interrupted;
};

/* address-space.c */
void set_up_kernel_mapping(void);
void *allocate_page(void);
struct page_table_entry **create_directory(void);
enum fault_outcome { PAGE_MAPPED, NOT_ALLOWED };
/* Maps the page if the address lies in the process's memory and the access is allowed there. */
enum fault_outcome resolve_fault(struct process *process, uint32_t ea, uint32_t needed_permission);
/* Gives the page's memory back; the next access finds a page of zeroes again. */
void discard_page(struct process *process, uint32_t ea);

/* process.c */
#ifndef PROCESSES
#define PROCESSES 1
#endif
extern struct process processes[PROCESSES];
extern struct process idle_process;
void create_processes(uint32_t scale);
/* The next to run after `process`, in turn; the idle process if all sleep, NULL if all have exited. */
struct process *next_process(struct process *process);
void wake_sleepers(void);

/* traps.c; called by entry.S with the process that was interrupted, returns the process to go on with. */
struct process *handle_trap(struct process *process, uint32_t vector);
void start_ticks(void);
extern uint32_t ticks;

/* entry.S, tlb-miss.S */
_Noreturn void resume_process(struct process *process);
void idle_loop(void);
void data_storage_entry(void);
void instruction_storage_entry(void);
void alignment_entry(void);
void program_entry(void);
void system_call_entry(void);
void decrementer_entry(void);
void data_tlb_miss(void);
void instruction_tlb_miss(void);
extern uint32_t last_replaced_slot;

#endif
