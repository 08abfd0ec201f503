# Compiler and linker flags: warnings are errors, hardening is on.

Q := $(if $(V),,@)

WARN := -Wall -Wextra -Wshadow -Wconversion -Wswitch-enum -Wcast-qual -Wvla \
	-Wformat=2 -Wmissing-prototypes -Wno-override-init -Werror
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
OPT      := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=undefined -DPABAL_SANITIZE
HARD     :=
endif
CFLAGS   := -std=gnu17 -g -pthread -fPIE $(OPT) $(WARN) $(HARD) \
	-ffunction-sections -fdata-sections $(EXTRA_CFLAGS)
LDFLAGS  := -pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections \
	-Wl,--as-needed
LIBS     := -lutf8proc -lssl -lcrypto -lunbound -llmdb -lcdb -lseccomp -lcrypt -largon2 -lbsd
