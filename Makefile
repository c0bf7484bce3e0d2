# A thin front; the work is in capstan, meson and scripts/.
.POSIX:
.PHONY: test check bench asan release clang fuzz fmt lint docs clean distclean help

help:
	@echo "make test      build/asan and its tests; FILTER=word for some of them"
	@echo "make check     test, then slow tests, both compilers, and a minute of each fuzz target"
	@echo "make bench     the measurements of bench/"
	@echo "make asan release clang     only build"
	@echo "make fuzz      FUZZ_SECONDS=60 of each target; TARGET=name for one"
	@echo "make fmt lint docs     format; clang-tidy and shellcheck; links in the documents"
	@echo "make clean     remove builds, keep XS      make distclean     remove build/"

test:
	@./capstan test $(FILTER)

check: test lint docs
	@scripts/run-tests build/asan --suite slow
	@scripts/build clang
	@scripts/run-tests build/clang
	@scripts/fuzz

bench:
	@test -x bench/run || { echo "make bench: there is no bench/run yet" >&2; exit 2; }
	@scripts/build release
	@bench/run

asan release clang:
	@scripts/build $@

fuzz:
	@scripts/fuzz $(TARGET)

fmt:
	@scripts/check-source --fix format

lint:
	@scripts/lint

docs:
	@scripts/check-docs

clean:
	rm -rf build/asan build/release build/clang build/fuzz build/*.log

distclean:
	rm -rf build
