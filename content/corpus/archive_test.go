package corpus

import (
	"archive/zip"
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestArchivesAreBoundedInAll: once all that an archive may unpack to is used up, the size that a file claims does not
// matter.
func TestArchivesAreBoundedInAll(t *testing.T) {
	var file bytes.Buffer
	w := zip.NewWriter(&file)
	header := &zip.FileHeader{Name: "a.txt", UncompressedSize64: 1 << 50, CompressedSize64: 3}
	entry, err := w.CreateRaw(header)
	require.NoError(t, err)
	_, err = entry.Write([]byte("abc"))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	u, err := openArchive(file.Bytes())
	require.NoError(t, err)
	require.EqualValues(t, 1<<50, u.names["a.txt"].UncompressedSize64)
	for _, unpacked := range []int64{maxUnpackedBytes - 2, maxUnpackedBytes, maxUnpackedBytes + 1} {
		u.unpacked = unpacked
		_, err = u.read("a.txt")
		require.EqualError(t, err, "unpacks to more than 96 MiB in all: split it", unpacked)
	}
}
