/*
 * Executes floating-point instructions given on standard input and writes what they left behind; for qemu-ppc, freestanding.
 *
 * Input record, big-endian, 40 bytes: operation (index into the list below), FPSCR, FRA, FRB, FRC, FRT before.
 * Output record, 16 bytes: FRT after, FPSCR, CR.
 *
 * OPERATIONS comes from the command line: OP("instruction text") for each, with FRT in 1, FRA in 2, FRB in 3, FRC in 4.
 */
typedef unsigned int u32;
typedef unsigned long long u64;

struct request {
  u32 operation, fpscr;
  u64 a, b, c, target;
};
struct reply {
  u64 target;
  u32 fpscr, cr;
};

static long call(long number, long first, void *second, long third) {
  register long r0 __asm__("r0") = number;
  register long r3 __asm__("r3") = first;
  register void *r4 __asm__("r4") = second;
  register long r5 __asm__("r5") = third;
  __asm__ volatile("sc" : "+r"(r3), "+r"(r0), "+r"(r4), "+r"(r5) : : "memory", "cr0", "ctr", "r6", "r7", "r8", "r9", "r10", "r11", "r12");
  return r3;
}

static struct request requests[1024];
static struct reply replies[1024];

#define OP(text) \
  if (q->operation == __COUNTER__) __asm__ volatile( \
      "lfd 0,0(%0)\n\tmtfsf 255,0\n\tlfd 2,8(%0)\n\tlfd 3,16(%0)\n\tlfd 4,24(%0)\n\tlfd 1,32(%0)\n\t" \
      "lis 9,0\n\tmtcr 9\n\t" text "\n\tstfd 1,0(%1)\n\tmffs 0\n\taddi 9,%1,8\n\tstfiwx 0,0,9\n\tmfcr 9\n\tstw 9,12(%1)" \
      : : "b"(q), "b"(p) : "memory", "r9", "cr0", "cr1", "fr0", "fr1", "fr2", "fr3", "fr4");

static void execute(struct request *q, struct reply *p) {
  OPERATIONS
}

/* User-mode QEMU runs with MSR[FE0] and MSR[FE1] set: an enabled exception comes as SIGFPE, at the instruction. Go on after it. */
struct action {
  void (*handler)(int, void *, char *);
  unsigned long flags;
  void *restorer;
  u32 mask[2];
};
static void skip(int number, void *info, char *context) {
  u32 *registers = *(u32 **)(context + 48); /* ucontext.uc_regs of Linux on 32-bit PowerPC */
  registers[32] += 4;                       /* PT_NIP */
}
static struct action on_exception = {skip, 4 /* SA_SIGINFO */, 0, {0, 0}};

static long set_action(long number, struct action *action) {
  register long r0 __asm__("r0") = 173; /* rt_sigaction */
  register long r3 __asm__("r3") = number;
  register void *r4 __asm__("r4") = action;
  register long r5 __asm__("r5") = 0;
  register long r6 __asm__("r6") = 8;
  __asm__ volatile("sc" : "+r"(r3), "+r"(r0), "+r"(r4), "+r"(r5), "+r"(r6) : : "memory", "cr0", "ctr", "r7", "r8", "r9", "r10", "r11", "r12");
  return r3;
}

void _start(void) {
  set_action(8 /* SIGFPE */, &on_exception);
  for (;;) {
    long have = 0, got;
    while (have < (long)sizeof requests && (got = call(3, 0, (char *)requests + have, sizeof requests - have)) > 0) have += got;
    long count = have / (long)sizeof(struct request);
    for (long i = 0; i < count; i++) execute(&requests[i], &replies[i]);
    long size = count * (long)sizeof(struct reply), done = 0;
    while (done < size) done += call(4, 1, (char *)replies + done, size - done);
    if (have < (long)sizeof requests) call(1, 0, 0, 0);
  }
}
