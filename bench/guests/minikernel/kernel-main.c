/* Where the small kernel starts: after the runtime's own start, still on the firmware's TLB entries. */
#include "kernel.h"

/* An interrupt vector offset register takes an address within the 64 KB of IVPR, which the linker script sees to. */
#define SET_VECTOR(vector, entry) write_spr(SPR_IVOR0 + vector, (uint32_t)(entry))

void guest_main(void) {
  uint32_t scale = guest_start();
  set_up_kernel_mapping();
  SET_VECTOR(VECTOR_DATA_STORAGE, data_storage_entry);
  SET_VECTOR(VECTOR_INSTRUCTION_STORAGE, instruction_storage_entry);
  SET_VECTOR(VECTOR_ALIGNMENT, alignment_entry);
  SET_VECTOR(VECTOR_PROGRAM, program_entry);
  SET_VECTOR(VECTOR_SYSTEM_CALL, system_call_entry);
  SET_VECTOR(VECTOR_DECREMENTER, decrementer_entry);
  SET_VECTOR(VECTOR_DATA_TLB, data_tlb_miss);
  SET_VECTOR(VECTOR_INSTRUCTION_TLB, instruction_tlb_miss);
  create_processes(scale);
  start_ticks();
  resume_process(&processes[0]);
}
