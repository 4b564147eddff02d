package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// level is the severity of a finding.
type level string

// The levels, in the order in which findings are listed.
const (
	fails level = "fails" // something does not work
	risk  level = "risk"  // it works, but puts accounts or sign-ins at risk
	note  level = "note"  // good to know
)

type finding struct {
	ID      string `json:"id"`
	Level   level  `json:"level"`
	What    string `json:"what"`              // the setting, and its consequence
	Change  string `json:"change,omitempty"`  // what to change
	Command string `json:"command,omitempty"` // an AWS CLI command that makes the change
}

// examination is the result of doctor.
type examination struct {
	UserPool struct {
		ID     string   `json:"id"`
		Name   string   `json:"name,omitempty"`
		Region string   `json:"region"`
		MFA    string   `json:"mfa,omitempty"`
		Offers []string `json:"methods,omitempty"`
		Plan   string   `json:"plan,omitempty"`
	} `json:"userPool"`
	Client struct {
		ID     string   `json:"id"`
		Name   string   `json:"name,omitempty"`
		Flows  []string `json:"flows,omitempty"`
		Secret bool     `json:"secret"`
	} `json:"appClient"`
	Config struct {
		Flow   string `json:"flow"`
		Public bool   `json:"public"`
	} `json:"config"`
	Findings []finding      `json:"findings"`
	Unread   []*unreadError `json:"unread"`
	Policy   *policy        `json:"policy,omitempty"`
}

func (e *examination) count(l level) int {
	n := 0
	for _, f := range e.Findings {
		if f.Level == l {
			n++
		}
	}
	return n
}

func (e *examination) writeJSON(c *console) error {
	enc := json.NewEncoder(c.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(e)
}

var colors = map[level]string{fails: "\x1b[1;31m", risk: "\x1b[1;33m", note: "\x1b[1m"}

// writeText writes the examination for people to read.
func (e *examination) writeText(c *console) error {
	var b strings.Builder
	fact := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-12s %s\n", name+":", value)
		}
	}
	fact("user pool", strings.TrimSpace(e.UserPool.ID+" "+shown(e.UserPool.Name)))
	fact("region", e.UserPool.Region)
	fact("MFA", strings.TrimSpace(e.UserPool.MFA+" "+strings.Join(e.UserPool.Offers, ", ")))
	fact("plan", e.UserPool.Plan)
	fact("app client", strings.TrimSpace(shown(e.Client.ID)+" "+shown(e.Client.Name)))
	fact("allows", strings.Join(e.Client.Flows, ", "))
	fact("config", fmt.Sprintf("Flow: %s, Public: %t", e.Config.Flow, e.Config.Public))
	for _, f := range e.Findings {
		title := string(f.Level)
		if c.colored {
			title = colors[f.Level] + title + "\x1b[0m"
		}
		fmt.Fprintf(&b, "\n%s: %s\n  %s\n", title, f.ID, f.What)
		if f.Change != "" {
			fmt.Fprintf(&b, "  %s\n", f.Change)
		}
		if f.Command != "" {
			fmt.Fprintf(&b, "\n    %s\n", strings.ReplaceAll(f.Command, "\n", "\n    "))
		}
	}
	for _, u := range e.Unread {
		fmt.Fprintf(&b, "\nnot read: %s\n  %s\n", u.What, u.Why)
	}
	if e.Policy != nil {
		fmt.Fprintf(&b, "\nThe required IAM policy:\n\n%s\n", e.Policy.indented())
	}
	b.WriteString("\n" + e.summary() + "\n")
	_, err := c.out.Write([]byte(b.String()))
	return err
}

// summary returns the last line.
func (e *examination) summary() string {
	counts := fmt.Sprintf("fails: %d, risks: %d, notes: %d",
		e.count(fails), e.count(risk), e.count(note))
	switch {
	case len(e.Unread) > 0:
		return "Not everything could be read. In what could: " + counts
	case e.count(fails) == 0 && e.count(risk) == 0:
		return "No failures or risks found: the library works with this pool and app client as they are."
	}
	return counts
}
