# Fuzz targets: fuzz/<name>.c, seeds in fuzz/seeds/<name>/ (libFuzzer, clang).
#
#   make fuzz                      every target for S seconds each
#   make fuzz F=mime_header S=60   one target
#
# What is found is left in build-fuzz/<name>-crash-*; finds go to the seeds.

F ?=
S ?= 10
FUZZ_BUILD := build-fuzz
FUZZ_FLAGS := -std=gnu17 -g -O1 -fno-omit-frame-pointer -DPABAL_SANITIZE \
	-fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined $(WARN)
FUZZ_NAMES := $(FUZZ_SRC:fuzz/%.c=%)
FUZZ_LIB   := $(FUZZ_BUILD)/libpabal.a

$(FUZZ_BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(Q)clang $(CPPFLAGS) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

$(FUZZ_BUILD)/obj/master/serve.o: $(O)/gen/sys/accounts.def

$(FUZZ_LIB): $(LIB_SRC:%.c=$(FUZZ_BUILD)/obj/%.o)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

# A target fuzz/imapd_<x>.c links the daemon's modules but its main.c.
modules_of = $(patsubst %.c,$(FUZZ_BUILD)/obj/%.o,$(filter-out $(1)/main.c,$(call sources_of,$(1))))
fuzz_daemon = $(filter $(DAEMONS),$(firstword $(subst _, ,$(1))))
# fuzz/ctl_<x>.c links the folder ctl/<x>.
fuzz_ctl = $(patsubst %.c,$(FUZZ_BUILD)/obj/%.o,$(wildcard ctl/$(patsubst ctl_%,%,$(filter ctl_%,$(1)))/*.c))
fuzz_objs = $(foreach d,$(call fuzz_daemon,$(1)),$(call modules_of,$(d))) \
	$(if $(filter ctl_%,$(1)),$(call fuzz_ctl,$(1)))

define fuzz_program
$(FUZZ_BUILD)/$(1): $(FUZZ_BUILD)/obj/fuzz/$(1).o $(call fuzz_objs,$(1)) $(FUZZ_LIB)
	$$(Q)clang -fsanitize=fuzzer,address,undefined -Wl,--gc-sections -o $$@ $$^ $$(LIBS)
endef
$(foreach f,$(FUZZ_NAMES),$(eval $(call fuzz_program,$(f))))

# Each daemon, whole, under frames from all others: frames_<daemon>.
FRAMES := $(DAEMONS:%=frames_%)
FUZZ_NAMES += $(FRAMES)
FRAMES_OBJ := $(FUZZ_BUILD)/obj/fuzz/frames/frames.o $(FUZZ_BUILD)/obj/tests/hostile.o
FRAMES_WRAP := sandbox_enter ev_init connect spawn_guest service_main
FRAMES_MASTER := clock_ms clock_us ev_run spawn_program

$(FUZZ_BUILD)/obj/%/main_renamed.o: $(FUZZ_BUILD)/obj/%/main.o
	$(Q)objcopy --redefine-sym main=daemon_main $< $@
# $(call frames_program,DAEMON,HARNESS,WRAPPED)
define frames_program
$(FUZZ_BUILD)/frames_$(1): $(FUZZ_BUILD)/obj/$(1)/main_renamed.o $(call modules_of,$(1)) \
		$(FUZZ_BUILD)/obj/fuzz/frames/$(2).o $(FRAMES_OBJ) $(FUZZ_LIB)
	$$(Q)clang -fsanitize=fuzzer,address,undefined $(3:%=-Wl,--wrap=%) \
	    -Wl,--gc-sections -o $$@ $$^ $$(LIBS)
endef
$(foreach d,$(filter-out master,$(DAEMONS)),$(eval $(call frames_program,$(d),daemon,$(FRAMES_WRAP))))
$(eval $(call frames_program,master,master,$(FRAMES_MASTER)))

define fuzz_run
.PHONY: fuzz-$(1)
fuzz-$(1): $(FUZZ_BUILD)/$(1)
	@mkdir -p $(FUZZ_BUILD)/corpus/$(1) fuzz/seeds/$(1)
	$$(Q)$(CURDIR)/$(FUZZ_BUILD)/$(1) -max_total_time=$(S) -max_len=8192 -timeout=10 \
	    -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
	    -artifact_prefix=$(CURDIR)/$(FUZZ_BUILD)/$(1)- \
	    $(CURDIR)/$(FUZZ_BUILD)/corpus/$(1) $(CURDIR)/fuzz/seeds/$(1)
endef
$(foreach f,$(FUZZ_NAMES),$(eval $(call fuzz_run,$(f))))

fuzz: $(if $(F),$(F:%=fuzz-%),$(FUZZ_NAMES:%=fuzz-%))

-include $(shell find $(FUZZ_BUILD)/obj -name '*.d' 2>/dev/null)
