package capture

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Compression is how a file is compressed.
type Compression int

// Compressions.
const (
	Plain Compression = iota
	Gzip
	Zstandard
)

// CompressionOf is the one that a file's ending names: .gz, .zst, else none.
func CompressionOf(file string) Compression {
	switch {
	case strings.HasSuffix(file, ".gz"):
		return Gzip
	case strings.HasSuffix(file, ".zst"):
		return Zstandard
	}
	return Plain
}

// packer compresses at little cost: recording must keep up with the bus.
func (c Compression) packer(to io.Writer) (packer, error) {
	switch c {
	case Gzip:
		return gzip.NewWriterLevel(to, gzip.BestSpeed)
	case Zstandard:
		return zstd.NewWriter(to, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	case Plain:
	}
	return nil, nil //nolint:nilnil // nothing is compressed, which is no error
}

// maxWindow bounds what reading a compressed file keeps in memory.
const maxWindow = 64 << 20

// unpacked reads what is compressed, or not.
func unpacked(from *bufio.Reader) (lines *bufio.Reader, packed bool, err error) {
	begin, err := from.Peek(4)
	if err != nil && len(begin) < 2 {
		return from, false, nil // too short for anything; the header says so
	}
	var plain io.Reader
	switch {
	case bytes.HasPrefix(begin, []byte{0x1f, 0x8b}):
		plain, err = gzip.NewReader(from)
	case bytes.Equal(begin, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		plain, err = zstd.NewReader(from, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
	default:
		return from, false, nil
	}
	if err != nil {
		return nil, true, fmt.Errorf("the file cannot be uncompressed: %w", err)
	}
	return bufio.NewReaderSize(plain, 1<<16), true, nil
}
