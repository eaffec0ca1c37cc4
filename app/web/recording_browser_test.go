package web

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// TestRecording makes docs/screenshots/two-tabs.gif anew, as TestScreenshots does
// the pictures: two windows in step, and a walk through time.
func TestRecording(t *testing.T) {
	dir := os.Getenv("BACKSTORY_SCREENSHOTS")
	if dir == "" {
		t.Skip("BACKSTORY_SCREENSHOTS names no folder to put the recording into")
	}
	browser, base := startBrowser(t), startApp(t)
	ada, bob := signIn(browser, t, base, "Ada"), signIn(browser, t, base, "Bob")
	for _, w := range []*tab{ada, bob} {
		w.do("size", chromedp.EmulateViewport(1000, 430, chromedp.EmulateScale(0.78)))
	}
	film := &recording{windows: []*tab{ada, bob}}

	bob.open(ada.createList("Weekend in Rome", "Book the train", "Find a room near the river"))
	ada.crowdIs("Bob")
	film.hold(12)
	for _, part := range []string{"Buy a", " guide", " book"} {
		ada.typeInto("#add-item--text", part)
		film.hold(2)
	}
	ada.keys("\r")
	bob.waitText("#items", "guide book")
	ada.wait("!document.querySelector('.chip')")
	film.hold(8)
	bob.click(bob.item("Book the train") + " .check")
	ada.waitText("#progress", "1 of 3")
	film.hold(8)
	bob.edit("Find a room near the river", ", with a view")
	film.hold(4)
	bob.keys("\r")
	ada.waitText("#items", "with a view")
	bob.wait("!document.querySelector('.editor[open]')")
	film.hold(8)

	let := func(event string) { // of the slider
		ada.eval(fmt.Sprintf("document.querySelector('#travel').dispatchEvent(new Event(%q, {bubbles: true}))", event))
	}
	slide := func(version int) {
		ada.eval(fmt.Sprintf("document.querySelector('#travel').value = %d", version))
		let("input")
		ada.waitText(".banner strong", fmt.Sprintf("Version %d", version))
		film.hold(3)
	}
	for version := 7; version >= 4; version-- {
		slide(version)
	}
	bob.typeInto("#add-item--text", "Pack light\r")
	bob.waitText("#items", "Pack light")
	bob.wait("!document.querySelector('.chip')")
	film.hold(8) // Ada stays where she is
	for version := 5; version <= 7; version++ {
		slide(version)
	}
	slide(6)
	let("change")
	ada.wait("location.pathname.endsWith('/6')")
	ada.live()
	film.hold(6)
	ada.click("a[data-step=live]")
	ada.waitText("#items", "Pack light")
	film.hold(8)
	ada.click("#undo-8 button")
	ada.wait("document.querySelector('#items').textContent.includes('river') && !document.querySelector('#items').textContent.includes('view')")
	bob.wait("!document.querySelector('#items').textContent.includes('view')")
	film.hold(16)
	film.save(t, filepath.Join(dir, "two-tabs.gif"))
}

// recording is a film of windows, one above the other.
type recording struct {
	windows []*tab
	frames  []*image.RGBA
	tenths  []int // how long each is shown, in tenths of a second
}

// hold shows the windows as they are for some tenths of a second.
func (r *recording) hold(tenths int) {
	const gap = 6
	var shots []image.Image
	width, height := 0, -gap
	for _, w := range r.windows {
		ctx, cancel := context.WithTimeout(w.ctx, patience)
		shot, err := chromedp.Call(ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng})
		cancel()
		if err != nil {
			w.t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(shot.Data))
		if err != nil {
			w.t.Fatal(err)
		}
		shots = append(shots, img)
		width, height = max(width, img.Bounds().Dx()), height+gap+img.Bounds().Dy()
	}
	frame := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(frame, frame.Bounds(), image.NewUniform(color.Gray{Y: 0x88}), image.Point{}, draw.Src)
	y := 0
	for _, img := range shots {
		draw.Draw(frame, image.Rect(0, y, width, y+img.Bounds().Dy()), img, img.Bounds().Min, draw.Src)
		y += img.Bounds().Dy() + gap
	}
	r.frames, r.tenths = append(r.frames, frame), append(r.tenths, tenths)
}

// save writes a GIF whose frames hold only what changed.
func (r *recording) save(t *testing.T, file string) {
	t.Helper()
	colours := newPalette(r.frames)
	film := &gif.GIF{Config: image.Config{Width: r.frames[0].Rect.Dx(), Height: r.frames[0].Rect.Dy(), ColorModel: colours.palette}}
	for i, frame := range r.frames {
		area := frame.Rect
		if i > 0 {
			area = changedArea(r.frames[i-1], frame)
		}
		film.Image = append(film.Image, colours.paint(frame, area))
		film.Delay = append(film.Delay, 10*r.tenths[i])
		film.Disposal = append(film.Disposal, gif.DisposalNone)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, film); err != nil {
		t.Fatal(err)
	}
	if b.Len() > 1<<20 {
		t.Errorf("the recording has %d bytes, which is too large for a README", b.Len())
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}

// changedArea is the least rectangle outside of which two frames are the same.
func changedArea(before, after *image.RGBA) image.Rectangle {
	area := image.Rectangle{}
	for y := after.Rect.Min.Y; y < after.Rect.Max.Y; y++ {
		for x := after.Rect.Min.X; x < after.Rect.Max.X; x++ {
			if before.RGBAAt(x, y) != after.RGBAAt(x, y) {
				area = area.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	if area.Empty() {
		return image.Rect(0, 0, 1, 1) // a frame may not be empty
	}
	return area
}

// colours are the few colours of a film.
type colours struct {
	palette color.Palette
	index   map[color.RGBA]uint8
}

// newPalette takes the colours that occur most.
func newPalette(frames []*image.RGBA) colours {
	const most = 64 // pages have few; the rest is the smoothing of letters
	count := map[color.RGBA]int{}
	for _, f := range frames {
		for y := f.Rect.Min.Y; y < f.Rect.Max.Y; y++ {
			for x := f.Rect.Min.X; x < f.Rect.Max.X; x++ {
				count[f.RGBAAt(x, y)]++
			}
		}
	}
	all := make([]color.RGBA, 0, len(count))
	for c := range count {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int { return count[b] - count[a] })
	c := colours{index: map[color.RGBA]uint8{}}
	for _, each := range all[:min(most, len(all))] {
		c.palette = append(c.palette, each)
	}
	return c
}

// paint gives a part of a frame the nearest colours.
func (c colours) paint(frame *image.RGBA, area image.Rectangle) *image.Paletted {
	img := image.NewPaletted(area, c.palette)
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			pixel := frame.RGBAAt(x, y)
			i, ok := c.index[pixel]
			if !ok {
				i = uint8(c.palette.Index(pixel))
				c.index[pixel] = i
			}
			img.SetColorIndex(x, y, i)
		}
	}
	return img
}
