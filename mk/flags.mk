# Compiler and linker flags: hardening is on; warnings are errors in `make
# lint` only (WERROR), because a future compiler will know new ones.

Q := $(if $(V),,@)
# $(call say,CC,file): one line for each thing that is made, as in other trees.
SAY ?= 1
say = $(if $(V),,$(if $(SAY),@printf '  %-7s %s\n' $(1) $(2),@:))
WERROR ?=

WARN := -Wall -Wextra -Wshadow -Wconversion -Wswitch-enum -Wcast-qual -Wvla \
	-Wformat=2 -Wmissing-prototypes -Wno-override-init $(WERROR)
ifneq (,$(findstring clang,$(CC)))
WARN += -Wno-initializer-overrides -Wno-unknown-warning-option
HARD_CC :=
else
HARD_CC := -fstack-clash-protection -fcf-protection
endif

CPPFLAGS := -D_GNU_SOURCE -Ilib -I. -I$(O)/gen -include lib/base/banned.h -DPABAL_VERSION='"$(VERSION)"'
ifeq ($(SAN),)
OPT      := -O2 -D_FORTIFY_SOURCE=3
HARD     := -fstack-protector-strong $(HARD_CC)
else
OPT      := -O1 -fno-omit-frame-pointer -DPABAL_SANITIZE \
	-fsanitize=$(if $(filter thread,$(SAN)),thread,address,undefined) \
	-fno-sanitize-recover=undefined
HARD     :=
endif
CFLAGS   := -std=gnu17 -g -pthread -fPIE $(OPT) $(WARN) $(HARD) \
	-ffunction-sections -fdata-sections $(EXTRA_CFLAGS)
LDFLAGS  := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections \
	-Wl,--as-needed
LIBS     := -lsqlite3 -lutf8proc -lidn2 -lpcre2-8 -lz -lssl -lcrypto -lunbound -llmdb -lcdb -lseccomp -lcrypt -largon2 -lcurl -ljansson -lbsd
