package power

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Disk is where one node keeps its data. A disk that was made with New is a file system of its own that can lose power:
// what the node did not flush is then gone. It must not be used concurrently.
type Disk struct {
	dir     string
	image   string // empty: a plain directory, which cannot lose power
	mounted bool
}

const (
	imageBytes   = 512 << 20
	unmountLimit = 5 * time.Second

	// goingDown is FS_IOC_SHUTDOWN, and noLogFlush its flag to drop the journal's unwritten part too: what a power cut leaves
	// is what reached the block device (linux include/uapi/linux/fs.h; xfstests uses the same call for the same purpose).
	goingDown  = 0x8004587d
	noLogFlush = 2
)

// Plain makes a directory without the power to fail, for tests that need none.
func Plain(root, name string) (*Disk, error) {
	dir := filepath.Join(root, name)
	return &Disk{dir: dir}, os.MkdirAll(dir, 0o700)
}

// New makes an ext4 file system in a file below images and mounts it below root through a loop device. commit=3600 keeps the kernel from
// flushing by itself while a test runs. It needs root and loop devices; without them it is an error, never a silent pass.
func New(ctx context.Context, images, root, name string) (*Disk, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("losing power needs root: a loop mount for each node")
	}
	d := &Disk{dir: filepath.Join(root, name), image: filepath.Join(images, filepath.Base(root)+"-"+name+".img")}
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return nil, err
	}
	file, err := os.Create(d.image)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := file.Truncate(imageBytes); err != nil {
		return nil, err
	}
	if err := run(ctx, "mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", d.image); err != nil {
		return nil, err
	}
	return d, d.attach(ctx)
}

// Memory returns a place in memory for images, or the fallback: an image then costs no disk traffic, and a flush inside it is still a
// flush. What is left there by a process that was killed stays until the next boot.
func Memory(fallback string) string {
	var fs unix.Statfs_t
	const memory = "/dev/shm"
	if err := unix.Statfs(memory, &fs); err == nil && fs.Type == unix.TMPFS_MAGIC && fs.Bavail*uint64(fs.Bsize) > 4*imageBytes {
		return memory
	}
	return fallback
}

// Dir returns the directory for the node's data.
func (d *Disk) Dir() string {
	if d.image == "" {
		return d.dir
	}
	return filepath.Join(d.dir, "data") // not the mount's root, which holds lost+found
}

// Cut loses power: everything that was not flushed is gone, for good and at once. The processes that use the disk must be
// dead. Afterwards the disk is mounted again, with its journal replayed, as after a reboot.
func (d *Disk) Cut(ctx context.Context) error {
	if d.image == "" {
		return errors.New("a plain directory cannot lose power")
	}
	if err := d.shutdown(); err != nil {
		return fmt.Errorf("shut down %s: %w", d.dir, err)
	}
	probe := filepath.Join(d.dir, "after-the-cut")
	if err := os.WriteFile(probe, []byte("x"), 0o600); !errors.Is(err, syscall.EIO) {
		return fmt.Errorf("the cut did not land: writing to the disk gave %w", err)
	}
	if err := d.detach(ctx); err != nil {
		return err
	}
	return d.attach(ctx)
}

func (d *Disk) shutdown() error {
	fd, err := unix.Open(d.dir, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.IoctlSetPointerInt(fd, goingDown, noLogFlush)
}

func (d *Disk) attach(ctx context.Context) error {
	if err := run(ctx, "mount", "-o", "loop,noatime,commit=3600", d.image, d.dir); err != nil {
		return err
	}
	d.mounted = true
	return os.MkdirAll(d.Dir(), 0o700)
}

func (d *Disk) detach(ctx context.Context) error {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(unmountLimit)
	defer limit.Stop()
	err := unix.Unmount(d.dir, 0)
	for err != nil { // a process that was killed may hold it for a moment more
		select {
		case <-tick.C:
			err = unix.Unmount(d.dir, 0)
		case <-limit.C:
			return fmt.Errorf("unmount %s: %w", d.dir, err)
		case <-ctx.Done():
			return fmt.Errorf("unmount %s: %w", d.dir, err)
		}
	}
	d.mounted = false
	return nil
}

// Close unmounts the disk and removes its image. Its content is gone.
func (d *Disk) Close(ctx context.Context) error {
	if d.image == "" || !d.mounted {
		return nil
	}
	return errors.Join(d.detach(ctx), os.Remove(d.image))
}

func run(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %v: %w: %s", name, args, err, out)
	}
	return nil
}
