# Echoes what UART 0 receives, from an interrupt handler; the processor waits in between. A 'q' resets the machine.
        .globl _start
_start:
        lis     5, 0xef60
        ori     5, 5, 0x0300            # r5: UART 0
        lis     6, handler@h
        mtspr   63, 6                   # IVPR
        ori     7, 6, handler@l
        mtspr   404, 7                  # IVOR4, external input
        li      0, 0x07
        stb     0, 2(5)                 # FCR: FIFOs on and clear
        li      0, 0x01
        stb     0, 1(5)                 # IER: received data
        lis     0, 0x8000
        mtdcr   0xc2, 0                 # UIC ER: line 0
        li      0, '>'
        stb     0, 0(5)
wait:   lis     0, 0x0004
        ori     0, 0, 0x8000
        mtmsr   0                       # WE and EE
        isync
        b       wait

        .balign 16
handler:
        lbz     8, 0(5)
        stb     8, 0(5)
        cmpwi   8, 'q'
        beq     reset
        lbz     9, 5(5)
        andi.   9, 9, 1
        bne     handler
        lis     0, 0x8000
        mtdcr   0xc0, 0                 # UIC SR: level source, gone by now
        mfspr   9, 27
        rlwinm  9, 9, 0, 14, 12         # return with WE clear, so that the loop sets it anew
        mtspr   27, 9
        rfi
reset:  lis     0, 0x3000
        mtspr   308, 0
        b       .
