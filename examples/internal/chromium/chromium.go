// Package chromium opens tabs of a headless browser for tests. Only tests import it.
package chromium

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/cognitomfa/cognitomfa/internal/tooltest"
)

// The tests of a package share one browser process.
var (
	once       sync.Once
	browser    context.Context // chromedp's handle
	errBrowser error
	stop       = func() {}
)

// Tab opens a tab with its own profile and returns the chromedp context for it. The tab closes when
// the test ends, or at the time limit of [tooltest.Context]. Without Chromium the test is skipped,
// or fails if tools are required. TestMain must call Stop.
func Tab(t tooltest.T) context.Context {
	t.Helper()
	path := tooltest.Need(t, "chromium", "chromium", "chromium-browser", "google-chrome")
	limit := tooltest.Context(t)
	once.Do(func() { start(limit, path) })
	if errBrowser != nil {
		t.Fatalf("start the browser: %v", errBrowser)
	}
	ctx, closeTab := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	keep := context.AfterFunc(limit, closeTab)
	t.Cleanup(func() { keep() })
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	return ctx
}

// start starts the browser, which outlives the first test. chromedp itself turns off the sandbox
// for root and skips the first-run page.
func start(limit context.Context, path string) {
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path),
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "en"), // also the order of day and month in date inputs
	)
	allocator, end := chromedp.NewExecAllocator(context.WithoutCancel(limit), options...)
	ctx, quit := chromedp.NewContext(allocator)
	stop = func() {
		quit()
		end()
	}
	keep := context.AfterFunc(limit, quit)
	defer keep()
	browser, errBrowser = ctx, chromedp.Do(ctx)
}

// Stop ends the browser if a test has started it.
func Stop() { stop() }

// SetLanguage sets the Accept-Language of a tab.
func SetLanguage(ctx context.Context, languages string) error {
	agent, err := chromedp.Run(ctx, chromedp.Evaluate[string]("navigator.userAgent"))
	if err != nil {
		return err
	}
	_, err = chromedp.Call(ctx, emulation.SetUserAgentOverride,
		emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: languages})
	return err
}

// See waits until an element is visible. If the context ends first, the error says what the tab
// showed last.
func See(ctx context.Context, selector string) error {
	shown := "nothing"
	// Each wait is longer than the last, so that even the slowest computer gets enough time.
	for patience := time.Second; ; patience *= 2 {
		patient, cancel := context.WithTimeout(ctx, patience)
		err := chromedp.Do(patient, chromedp.WaitVisible(chromedp.CSS(selector)))
		impatient := patient.Err() != nil && ctx.Err() == nil
		cancel()
		if err == nil {
			return nil
		}
		if !impatient {
			return fmt.Errorf("there is no %s; there is %s: %w", selector, shown, err)
		}
		const page = "location.pathname + ': ' + document.body.innerText"
		if text, err := chromedp.Run(ctx, chromedp.Evaluate[string](page)); err == nil {
			shown = text
		}
	}
}
