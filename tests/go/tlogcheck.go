// tlogcheck verifies a log folder and a proof file with golang.org/x/mod/sumdb/note and .../tlog: code that shares
// nothing with the archive. Only the file formats around them are read here: C2SP checkpoints, tile paths and
// tlog-proof files.
//
//	tlogcheck [-vkey KEY|FILE] [-old CHECKPOINT] [-proof FILE [-leaf FILE]] [LOG]
//
// LOG is a folder with checkpoint, vkey and tile/. The checkpoint's signature, every tile file against its root (each
// must belong to the tree, none may be missing), and that it extends CHECKPOINT. With -proof: the proof's checkpoint,
// the way of its leaf to the root, and that LOG extends it. The key is -vkey's, else LOG's own.
// Exit 0 all is good, 1 something is not, 2 trouble.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

type checkpoint struct {
	origin string
	tree   tlog.Tree
}

func number(s string) (int64, error) {
	if len(s) > 1 && s[0] == '0' || strings.TrimLeft(s, "0123456789") != "" {
		return 0, fmt.Errorf("not a number: %q", s)
	}
	return strconv.ParseInt(s, 10, 64)
}

func hash(s string) (h tlog.Hash, err error) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != len(h) {
		return h, fmt.Errorf("not a hash: %q", s)
	}
	copy(h[:], b)
	return h, nil
}

// openCheckpoint verifies msg with note.Open and reads its text.
func openCheckpoint(msg []byte, v note.Verifier) (c checkpoint, err error) {
	n, err := note.Open(msg, note.VerifierList(v))
	if err != nil {
		return c, err
	}
	line := strings.Split(n.Text, "\n")
	if len(line) < 4 || line[len(line)-1] != "" {
		return c, errors.New("checkpoint has too few lines")
	}
	for _, l := range line[:len(line)-1] {
		if l == "" {
			return c, errors.New("checkpoint has an empty line")
		}
	}
	c.origin = line[0]
	if c.origin != v.Name() {
		return c, fmt.Errorf("checkpoint of %q signed by %q", c.origin, v.Name())
	}
	if c.tree.N, err = number(line[1]); err != nil {
		return c, err
	}
	if c.tree.Hash, err = hash(line[2]); err != nil {
		return c, err
	}
	if c.tree.N == 0 && c.tree.Hash != sha256.Sum256(nil) {
		return c, errors.New("checkpoint of an empty tree with a root")
	}
	return c, nil
}

// tilePath is the path of c2sp.org/tlog-tiles, which unlike tlog.Tile.Path does not name the height.
func tilePath(t tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/", height))
}

func parseTilePath(path string) (tlog.Tile, error) {
	return tlog.ParseTilePath(fmt.Sprintf("tile/%d/", height) + strings.TrimPrefix(path, "tile/"))
}

// tiles reads a log folder for tlog.TileHashReader, and remembers what that has verified.
type tiles struct {
	dir      string
	verified map[tlog.Tile][]byte
}

func (r *tiles) Height() int { return height }

func (r *tiles) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(list))
	for i, t := range list {
		if b, ok := r.verified[t]; ok {
			data[i] = b
			continue
		}
		b, err := os.ReadFile(filepath.Join(r.dir, tilePath(t)))
		if err != nil {
			return nil, err
		}
		if len(b) != t.W*tlog.HashSize {
			return nil, fmt.Errorf("%s has %d bytes", tilePath(t), len(b))
		}
		data[i] = b
	}
	return data, nil
}

func (r *tiles) SaveTiles(list []tlog.Tile, data [][]byte) {
	for i, t := range list {
		r.verified[t] = data[i]
	}
}

// treeTiles lists the tiles of a tree. (tlog.NewTiles lists all widths that a partial tile ever had.)
func treeTiles(size int64) (list []tlog.Tile) {
	for level := 0; size>>(height*level) > 0; level++ {
		n := size >> (height * level)
		for i := int64(0); i<<height < n; i++ {
			w := n - i<<height
			if w > 1<<height {
				w = 1 << height
			}
			list = append(list, tlog.Tile{H: height, L: level, N: i, W: int(w)})
		}
	}
	return
}

// checkParent compares a full tile with its hash one level up. TileHashReader is meant to do so, but that of x/mod 0.7.0
// begins with tile len(stx) where it should begin behind the tiles of stx, which are fewer when subtrees share one.
func checkParent(r *tiles, t tlog.Tile, size int64) error {
	p := tlog.Tile{H: height, L: t.L + 1, N: t.N >> height, W: 1 << height}
	if n := size>>(height*p.L) - p.N<<height; n < 1<<height {
		p.W = int(n)
	}
	var h [1 << height]tlog.Hash
	for i := range h {
		copy(h[i][:], r.verified[t][i*tlog.HashSize:])
	}
	for n := len(h); n > 1; n /= 2 {
		for i := 0; i < n/2; i++ {
			h[i] = tlog.NodeHash(h[2*i], h[2*i+1])
		}
	}
	at := int(t.N&(1<<height-1)) * tlog.HashSize
	if !bytes.Equal(r.verified[p][at:at+tlog.HashSize], h[0][:]) {
		return fmt.Errorf("%s does not hash to its place in %s", tilePath(t), tilePath(p))
	}
	return nil
}

// checkTiles has every tile of the tree verified, then accounts for every file below tile/.
func checkTiles(r *tiles, tree tlog.Tree) (full, partial, older int, err error) {
	reader := tlog.TileHashReader(tree, r)
	const step = 64 << height
	for from := int64(0); from < tree.N; from += step {
		var ix []int64
		for i := from; i < from+step && i < tree.N; i += 1 << height {
			ix = append(ix, tlog.StoredHashIndex(0, i))
		}
		if _, err = reader.ReadHashes(ix); err != nil {
			return
		}
	}
	for _, t := range treeTiles(tree.N) {
		if r.verified[t] == nil {
			return 0, 0, 0, fmt.Errorf("%s was not verified", tilePath(t))
		}
	}
	for _, t := range treeTiles(tree.N) {
		if t.W == 1<<height {
			if err = checkParent(r, t, tree.N); err != nil {
				return
			}
		}
	}
	root := filepath.Join(r.dir, "tile")
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path == root && tree.N == 0 {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(r.dir, path)
		if err != nil {
			return err
		}
		t, err := parseTilePath(name)
		if err != nil || !d.Type().IsRegular() {
			return fmt.Errorf("%s is not a tile", name)
		}
		if r.verified[t] != nil {
			if t.W == 1<<height {
				full++
			} else {
				partial++
			}
			return nil
		}
		// what an older checkpoint needed: the beginning of a tile that is verified
		for w := t.W + 1; w <= 1<<height; w++ {
			wider := t
			wider.W = w
			if b := r.verified[wider]; b != nil {
				got, err := os.ReadFile(path)
				if err == nil && !bytes.Equal(got, b[:t.W*tlog.HashSize]) {
					err = fmt.Errorf("%s differs from %s", name, tilePath(wider))
				}
				older++
				return err
			}
		}
		return fmt.Errorf("%s is no tile of this tree", name)
	})
	return
}

func checkExtends(r *tiles, tree, old tlog.Tree) error {
	if old.N > tree.N {
		return fmt.Errorf("the log has %d leaves, the other checkpoint %d", tree.N, old.N)
	}
	if old.N == 0 {
		return nil // the empty tree, whose root openCheckpoint has compared
	}
	p, err := tlog.ProveTree(tree.N, old.N, tlog.TileHashReader(tree, r))
	if err != nil {
		return err
	}
	return tlog.CheckTree(p, tree.N, tree.Hash, old.N, old.Hash)
}

type proof struct {
	leaf  []byte // from the extra line, nil when there is none of ours
	index int64
	path  tlog.RecordProof
	note  []byte
}

// ourLeaf is the leaf in the archive's extra data (doc/format-proof.md).
func ourLeaf(extra []byte) ([]byte, error) {
	if !bytes.HasPrefix(extra, []byte("qaproof\n")) {
		return nil, nil
	}
	if len(extra) < 80 || binary.LittleEndian.Uint16(extra[8:]) != 1 {
		return nil, errors.New("extra data of an unknown version")
	}
	n := int(binary.LittleEndian.Uint16(extra[12:]))
	if n == 0 || 80+n > len(extra) {
		return nil, errors.New("extra data too short for their leaf")
	}
	return extra[80 : 80+n], nil
}

func parseProof(b []byte) (p proof, err error) {
	head, rest, ok := bytes.Cut(b, []byte("\n\n"))
	if !ok {
		return p, errors.New("proof without a checkpoint")
	}
	p.note = rest
	line := strings.Split(string(head), "\n")
	if line[0] != "c2sp.org/tlog-proof@v1" {
		return p, errors.New("not a tlog-proof@v1 file")
	}
	line = line[1:]
	if len(line) > 0 && strings.HasPrefix(line[0], "extra ") {
		extra, err := base64.StdEncoding.Strict().DecodeString(line[0][6:])
		if err != nil {
			return p, err
		}
		if p.leaf, err = ourLeaf(extra); err != nil {
			return p, err
		}
		line = line[1:]
	}
	if len(line) == 0 || !strings.HasPrefix(line[0], "index ") {
		return p, errors.New("proof without an index")
	}
	if p.index, err = number(line[0][6:]); err != nil {
		return p, err
	}
	for _, l := range line[1:] {
		h, err := hash(l)
		if err != nil {
			return p, err
		}
		p.path = append(p.path, h)
	}
	return p, nil
}

// checkProof verifies a proof file and returns the checkpoint in it.
func checkProof(file, leafFile string, v note.Verifier) (c checkpoint, index int64, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return
	}
	p, err := parseProof(b)
	if err != nil {
		return
	}
	leaf := p.leaf
	if leafFile != "" {
		if leaf, err = os.ReadFile(leafFile); err != nil {
			return
		}
		if p.leaf != nil && !bytes.Equal(leaf, p.leaf) {
			return c, 0, errors.New("the proof holds another leaf")
		}
	}
	if leaf == nil {
		return c, 0, errors.New("the proof holds no leaf; give it with -leaf")
	}
	if c, err = openCheckpoint(p.note, v); err != nil {
		return
	}
	return c, p.index, tlog.CheckRecord(p.path, c.tree.N, c.tree.Hash, p.index, tlog.RecordHash(leaf))
}

func main() {
	vkey := flag.String("vkey", "", "public key, or a file with it")
	old := flag.String("old", "", "an older checkpoint")
	proofFile := flag.String("proof", "", "proof file")
	leafFile := flag.String("leaf", "", "leaf text")
	flag.Parse()
	dir := flag.Arg(0)
	if flag.NArg() > 1 || dir == "" && (*proofFile == "" || *vkey == "" || *old != "") {
		flag.Usage()
		os.Exit(2)
	}
	refuse := func(what string, err error) {
		if err != nil {
			fmt.Fprintf(os.Stderr, "tlogcheck: %s: %v\n", what, err)
			os.Exit(1)
		}
	}

	key := *vkey
	if key == "" {
		key = filepath.Join(dir, "vkey")
	}
	if b, err := os.ReadFile(key); err == nil {
		key = strings.TrimSuffix(string(b), "\n")
	} else if *vkey == "" {
		refuse("vkey", err)
	}
	v, err := note.NewVerifier(key)
	refuse("vkey", err)

	var c checkpoint
	r := &tiles{dir, map[tlog.Tile][]byte{}}
	if dir != "" {
		b, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
		refuse("checkpoint", err)
		c, err = openCheckpoint(b, v)
		refuse("checkpoint", err)
		full, partial, older, err := checkTiles(r, c.tree)
		refuse("tiles", err)
		fmt.Printf("log %s: %d leaves, root %s, %d tiles: %d full, %d partial, %d older partial\n",
			c.origin, c.tree.N, c.tree.Hash, full+partial+older, full, partial, older)
	}
	if *old != "" {
		b, err := os.ReadFile(*old)
		refuse(*old, err)
		o, err := openCheckpoint(b, v)
		refuse(*old, err)
		refuse(*old, checkExtends(r, c.tree, o.tree))
		fmt.Printf("extends the checkpoint of %d leaves\n", o.tree.N)
	}
	if *proofFile != "" {
		p, index, err := checkProof(*proofFile, *leafFile, v)
		refuse(*proofFile, err)
		if dir != "" {
			refuse(*proofFile, checkExtends(r, c.tree, p.tree))
		}
		fmt.Printf("proof of leaf %d in %d leaves is good\n", index, p.tree.N)
	}
}
