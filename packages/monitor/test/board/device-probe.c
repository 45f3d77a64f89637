/*
 * Asks the devices of a Bamboo what they do and prints each answer as a line `name value`. Runs on QEMU's bamboo and on ours: the lines
 * must be equal. Answers are kept until the end, since printing goes through a device under test.
 */
typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned char u8;

#define UART 0xef600300u
#define PCI_CONFIGURATION 0xeec00000u
#define PCI_REGISTERS 0xef400000u

#define MTDCR(dcrn, value) asm volatile("mtdcr %0,%1" : : "i"(dcrn), "r"(value))
#define MFDCR(dcrn) ({ u32 value; asm volatile("mfdcr %0,%1" : "=r"(value) : "i"(dcrn)); value; })
#define UIC(register) (0xc0 + (register))
enum { SR, SRS, ER, CR, PR, TR, MSR, VR, VCR };

static struct { const char *name; u32 value; } answers[256];
static int count;

static void answer(const char *name, u32 value) { answers[count].name = name; answers[count++].value = value; }
static u8 in8(u32 address) { u8 value = *(volatile u8 *)address; asm volatile("eieio" : : : "memory"); return value; }
static void out8(u32 address, u8 value) { *(volatile u8 *)address = value; asm volatile("eieio" : : : "memory"); }
static u16 in16(u32 address) { return *(volatile u16 *)address; }
static u32 in32(u32 address) { return *(volatile u32 *)address; }
static void out32(u32 address, u32 value) { *(volatile u32 *)address = value; asm volatile("eieio" : : : "memory"); }

static void ask_uart(void) {
  answer("reset.ier", in8(UART + 1));
  answer("reset.iir", in8(UART + 2));
  answer("reset.lcr", in8(UART + 3));
  answer("reset.mcr", in8(UART + 4));
  answer("reset.lsr", in8(UART + 5));
  answer("reset.msr", in8(UART + 6));
  answer("reset.scr", in8(UART + 7));
  out8(UART + 1, 0xff);
  answer("ier.implemented", in8(UART + 1));
  answer("iir.transmitter", in8(UART + 2));
  answer("iir.taken", in8(UART + 2));
  answer("uic.line0.low", MFDCR(UIC(SR)));
  out8(UART + 1, 0x00);
  out8(UART + 1, 0x02);
  answer("uic.line0.high", MFDCR(UIC(SR)));
  MTDCR(UIC(SR), 0xffffffff);
  answer("uic.line0.level", MFDCR(UIC(SR)));
  answer("iir.raised-again", in8(UART + 2));
  answer("uic.line0.fallen", MFDCR(UIC(SR)));
  out8(UART + 1, 0x00);
  out8(UART + 2, 0xff);
  answer("iir.fifos", in8(UART + 2));
  out8(UART + 2, 0x00);
  answer("iir.no-fifos", in8(UART + 2));
  out8(UART + 3, 0x80);
  out8(UART + 0, 0x34);
  out8(UART + 1, 0x12);
  answer("dll", in8(UART + 0));
  answer("dlm", in8(UART + 1));
  answer("dlab.iir", in8(UART + 2));
  out8(UART + 3, 0xbf);
  answer("lcr.bf.register2", in8(UART + 2));
  out8(UART + 3, 0x03);
  answer("ier.under-dlm", in8(UART + 1));
  out8(UART + 7, 0x5a);
  answer("scr", in8(UART + 7));
  out8(UART + 4, 0xff);
  answer("mcr.implemented", in8(UART + 4));
  for (int outputs = 0; outputs < 16; outputs++) {
    out8(UART + 4, 0x10 | outputs);
    answer("loopback.msr", in8(UART + 6) & 0xf0);
  }
  out8(UART + 4, 0x10);
  out8(UART + 1, 0x01);
  out8(UART + 0, 0xa5);
  answer("loopback.lsr", in8(UART + 5));
  answer("loopback.iir", in8(UART + 2));
  answer("loopback.uic", MFDCR(UIC(SR)));
  answer("loopback.byte", in8(UART + 0));
  answer("loopback.lsr-after", in8(UART + 5));
  answer("loopback.iir-after", in8(UART + 2));
  out8(UART + 1, 0x00);
  out8(UART + 2, 0x07);
  out8(UART + 0, 0x11);
  out8(UART + 0, 0x22);
  answer("fifo.first", in8(UART + 0));
  answer("fifo.lsr", in8(UART + 5));
  answer("fifo.second", in8(UART + 0));
  answer("fifo.lsr-empty", in8(UART + 5));
  out8(UART + 4, 0x03);
  out8(UART + 2, 0x00);
  answer("wide.16", in16(UART + 6));
  answer("wide.32", in32(UART + 4));
}

static void ask_uic(void) {
  MTDCR(UIC(ER), 0);
  MTDCR(UIC(TR), 0x00ff0000);
  MTDCR(UIC(PR), 0x12345678);
  MTDCR(UIC(CR), 0x0000ffff);
  MTDCR(UIC(SR), 0xffffffff);
  answer("uic.sr.clear", MFDCR(UIC(SR)));
  answer("uic.tr", MFDCR(UIC(TR)));
  answer("uic.pr", MFDCR(UIC(PR)));
  answer("uic.cr", MFDCR(UIC(CR)));
  MTDCR(UIC(SRS), 0x00810081);
  answer("uic.sr.set", MFDCR(UIC(SR)));
  answer("uic.msr.masked", MFDCR(UIC(MSR)));
  MTDCR(UIC(ER), 0x0080ff80);
  answer("uic.er", MFDCR(UIC(ER)));
  answer("uic.msr", MFDCR(UIC(MSR)));
  MTDCR(UIC(VCR), 0xffff0002);
  answer("uic.vcr", MFDCR(UIC(VCR)));
  MTDCR(UIC(VCR), 0x00010000);
  answer("uic.vr", MFDCR(UIC(VR)));
  MTDCR(UIC(SR), 0xffffffff);
  answer("uic.vr.none", MFDCR(UIC(VR)));
  MTDCR(UIC(ER), 0);
}

static void configure(u32 address) { out32(PCI_CONFIGURATION, __builtin_bswap32(address)); }

static void ask_pci(void) {
  static const u32 registers[] = {0x00, 0x08, 0x0c, 0x10, 0x14, 0x24, 0x2c, 0x30, 0x34, 0x3c};
  for (unsigned i = 0; i < sizeof registers / sizeof registers[0]; i++) {
    configure(0x80000000 | registers[i]);
    answer("pci.bridge", in32(PCI_CONFIGURATION + 4));
  }
  configure(0x80000000);
  answer("pci.vendor", in16(PCI_CONFIGURATION + 4));
  answer("pci.device", in16(PCI_CONFIGURATION + 6));
  answer("pci.byte", in8(PCI_CONFIGURATION + 5));
  answer("pci.address", in32(PCI_CONFIGURATION));
  configure(0x80000004);
  out32(PCI_CONFIGURATION + 4, 0xffffffff);
  answer("pci.command", in32(PCI_CONFIGURATION + 4) & 0xffff0000);
  configure(0x80000010);
  out32(PCI_CONFIGURATION + 4, 0xffffffff);
  answer("pci.bar", in32(PCI_CONFIGURATION + 4));
  configure(0x80000800);
  answer("pci.empty.slot", in32(PCI_CONFIGURATION + 4));
  answer("pci.empty.slot16", in16(PCI_CONFIGURATION + 4));
  answer("pci.empty.slot8", in8(PCI_CONFIGURATION + 4));
  configure(0x00000000);
  answer("pci.disabled", in32(PCI_CONFIGURATION + 4));
  for (u32 offset = 0; offset < 0x40; offset += 4) {
    answer("pci.local.reset", in32(PCI_REGISTERS + offset));
    out32(PCI_REGISTERS + offset, 0x01020300 + offset);
    answer("pci.local", in32(PCI_REGISTERS + offset));
  }
}

static void ask_sdram(void) {
  MTDCR(0x10, 0x20);
  answer("sdram.options", MFDCR(0x11));
  static const u32 registers[] = {0x40, 0x44, 0x48, 0x4c};
  for (unsigned i = 0; i < sizeof registers / sizeof registers[0]; i++) {
    MTDCR(0x10, registers[i]);
    answer("sdram.address", MFDCR(0x10));
    answer("sdram", MFDCR(0x11));
  }
}

static void print_byte(u8 byte) {
  while (!(in8(UART + 5) & 0x20)) {
  }
  out8(UART, byte);
}

static void print(const char *text) {
  while (*text) print_byte(*text++);
}

static void print_hex(u32 value) {
  for (int shift = 28; shift >= 0; shift -= 4) print_byte("0123456789abcdef"[value >> shift & 15]);
}

void probe(void) {
  ask_uart();
  ask_uic();
  ask_pci();
  ask_sdram();
  for (int i = 0; i < count; i++) {
    print(answers[i].name);
    print(" ");
    print_hex(answers[i].value);
    print("\n");
  }
  while (!(in8(UART + 5) & 0x40)) {
  }
  asm volatile("mtspr 308,%0\n1: b 1b" : : "r"(0x30000000));
}

/* r3 is kept in a register that C saves; the first line of output tells it, with r1 as it was at entry. */
asm(".section .text.start,\"ax\"\n"
    ".globl _start\n"
    "_start:\n"
    "  lis 9,entry_state@ha\n"
    "  stw 1,entry_state@l(9)\n"
    "  addi 9,9,entry_state@l\n"
    "  stw 3,4(9)\n"
    "  mfmsr 0\n"
    "  stw 0,8(9)\n"
    "  b start\n"
    ".text\n");

u32 entry_state[3];

void start(void) {
  answer("entry.r1", entry_state[0]);
  answer("entry.r3", entry_state[1]);
  answer("entry.msr", entry_state[2]);
  probe();
}
