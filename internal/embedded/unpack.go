//go:build !noembedded && (linux || darwin)

package embedded

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
)

// errChecksum: a tarball is not the pinned one.
var errChecksum = errors.New("checksum mismatch")

// verify compares the tarball with the pinned checksum, if there is one.
func (f *fetcher) verify(tarball string) error {
	if f.pkg.integrity == "" {
		return nil
	}
	file, err := os.Open(tarball)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	defer file.Close() //nolint:errcheck // it is only read
	hash := sha512.New()
	if _, err := io.Copy(hash, file); err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(hash.Sum(nil)); got != f.pkg.integrity {
		return fmt.Errorf("%w: %s@%s is %s, pinned is %s: refused", errChecksum, f.pkg.name, packageVersion, got, f.pkg.integrity)
	}
	return nil
}

// unpack takes the library, and nothing else, out of the tarball.
func (f *fetcher) unpack(ctx context.Context, tarball, library string) error {
	file, err := os.Open(tarball)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	defer file.Close() //nolint:errcheck // it is only read
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	archive := tar.NewReader(unzipped)
	for {
		header, err := archive.Next()
		if err != nil {
			return fmt.Errorf("unpack: %s: %w", libraryName, err)
		}
		if header.Typeflag == tar.TypeReg && header.Name == "package/"+libraryName {
			return f.write(ctx, library, archive, header.Size)
		}
	}
}

func (f *fetcher) write(ctx context.Context, library string, from io.Reader, size int64) error {
	file, err := os.OpenFile(library, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o700)
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	_, err = io.CopyBuffer(&meter{ctx: ctx, to: file, total: size, report: f.report}, from, make([]byte, 1<<20))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	return nil
}

// meter reports what passes through it, and ends when ctx does.
type meter struct {
	ctx         context.Context
	to          io.Writer
	done, total int64
	report      func(Progress)
}

func (m *meter) Write(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.to.Write(p)
	m.done += int64(n)
	m.report(Progress{Stage: StageUnpack, Done: m.done, Total: m.total})
	return n, err
}
