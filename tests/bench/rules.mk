# SPDX-License-Identifier: Apache-2.0
#
# The programs that tests/bench/run uses, built like the binary.

$(B)/bench/%: tests/bench/%.c $(B)/lib.a
	$(call say,BENCH,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(CFLAGS)) $(LDFLAGS) -o $@ $< \
		$(B)/lib.a $(LIBS)
