/* Memory: the kernel's own fixed TLB entries, pages, page tables, and what a process may have where. */
#include "kernel.h"

enum { CACHE_LINE_BYTES = 32 };

struct free_page {
  struct free_page *next;
};

static struct free_page *free_pages;
static uint32_t next_fresh_page = PAGES_START;

static void write_tlb(uint32_t slot, uint32_t word0, uint32_t word1, uint32_t word2) {
  __asm__ volatile("tlbwe %0,%3,0\n\ttlbwe %1,%3,1\n\ttlbwe %2,%3,2\n\tisync" : : "r"(word0), "r"(word1), "r"(word2), "r"(slot) : "memory");
}

/* Slot of the TLB entry for an address of the given process (PID 0: the kernel), or -1. */
static int find_tlb_entry(uint32_t ea, uint32_t pid) {
  uint32_t slot;
  uint32_t cr;
  write_spr(SPR_MMUCR, pid);
  __asm__ volatile("tlbsx. %0,0,%2\n\tmfcr %1" : "=r"(slot), "=r"(cr) : "r"(ea) : "cr0", "memory");
  return (cr >> 28 & 2) != 0 ? (int)slot : -1;
}

/*
 * Narrows the firmware's entry in slot 0, from which this code runs, to the kernel's 256 MB: it maps this code before, during and
 * after. The other firmware entries go.
 */
void set_up_kernel_mapping(void) {
  if (find_tlb_entry((uint32_t)set_up_kernel_mapping, 0) != TLB_SLOT_KERNEL) guest_fail("not running from TLB slot 0", 0);
  write_tlb(TLB_SLOT_KERNEL, TLB0_VALID | TLB0_SIZE_256M, 0, TLB2_SX | TLB2_SW | TLB2_SR);
  uint32_t console_page = UART_BASE & ~(PAGE_BYTES - 1u);
  write_tlb(TLB_SLOT_CONSOLE, console_page | TLB0_VALID | TLB0_SIZE_4K, console_page, TLB2_I | TLB2_G | TLB2_SW | TLB2_SR);
  for (uint32_t slot = TLB_SLOT_FIRST_USER; slot <= TLB_SLOT_LAST; slot++) write_tlb(slot, 0, 0, 0);
}

static void clear_page(void *page) {
  for (uint32_t offset = 0; offset < PAGE_BYTES; offset += CACHE_LINE_BYTES) __asm__ volatile("dcbz %0,%1" : : "b"(page), "r"(offset) : "memory");
}

void *allocate_page(void) {
  void *page = free_pages;
  if (page != NULL) {
    free_pages = free_pages->next;
  } else {
    if (next_fresh_page == PAGES_END) guest_fail("out of pages", next_fresh_page);
    page = (void *)next_fresh_page;
    next_fresh_page += PAGE_BYTES;
  }
  clear_page(page);
  return page;
}

static void free_page(void *page) {
  struct free_page *freed = page;
  freed->next = free_pages;
  free_pages = freed;
}

struct page_table_entry **create_directory(void) {
  /* 2048 words are two pages; both come fresh and so in sequence, as directories are made before anything is freed. */
  struct page_table_entry **directory = allocate_page();
  if ((uint8_t *)allocate_page() != (uint8_t *)directory + PAGE_BYTES) guest_fail("directory is not contiguous", (uint32_t)directory);
  return directory;
}

/* The entry for an address; NULL where there is no table for it and `create` is 0. */
static struct page_table_entry *find_entry(struct process *process, uint32_t ea, int create) {
  struct page_table_entry **table = &process->directory[ea >> 21];
  if (*table == NULL) {
    if (!create) return NULL;
    *table = allocate_page();
  }
  return &(*table)[ea >> 12 & 511];
}

/* Supervisor and user permissions are alike, so that a hypervisor that turns the one into the other changes nothing. */
#define READ_WRITE (TLB2_UR | TLB2_UW | TLB2_SR | TLB2_SW)
#define READ_EXECUTE (TLB2_UR | TLB2_UX | TLB2_SR | TLB2_SX)

extern uint8_t user_text_end[];

/* What lies where in a process: the text is shared and comes from the image, the rest is made of zeroes at the first touch. */
static const struct area {
  uint32_t start;
  uint32_t end;
  uint32_t permissions;
  uint32_t image;
} areas[] = {
    {USER_TEXT, (uint32_t)user_text_end, READ_EXECUTE, USER_IMAGE},
    {USER_DATA, USER_DATA_END, READ_WRITE, 0},
    {USER_STACK, USER_STACK_END, READ_WRITE, 0},
};

enum fault_outcome resolve_fault(struct process *process, uint32_t ea, uint32_t needed_permission) {
  for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
    const struct area *area = &areas[i];
    if (ea < area->start || ea >= area->end) continue;
    if ((area->permissions & needed_permission) == 0) return NOT_ALLOWED;
    struct page_table_entry *entry = find_entry(process, ea, 1);
    uint32_t page = ea & ~(PAGE_BYTES - 1u);
    uint32_t pa = area->image != 0 ? area->image + (page - area->start) : (uint32_t)allocate_page();
    entry->high = 0;
    entry->low = pa | area->permissions | PTE_PRESENT;
    return PAGE_MAPPED;
  }
  return NOT_ALLOWED;
}

void discard_page(struct process *process, uint32_t ea) {
  if (ea < USER_DATA || ea >= USER_DATA_END) guest_fail("discarded page outside the data", ea);
  struct page_table_entry *entry = find_entry(process, ea, 0);
  if (entry == NULL || (entry->low & PTE_PRESENT) == 0) return;
  free_page((void *)(entry->low & ~(PAGE_BYTES - 1u)));
  entry->low = 0;
  int slot = find_tlb_entry(ea, process->pid);
  if (slot >= 0) write_tlb((uint32_t)slot, 0, 0, 0);
}
