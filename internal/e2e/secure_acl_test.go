package e2e

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
)

// acl is one rule that allows something.
type acl struct {
	principal, resource, name string // resource: topic or group
	operations                []string
	pattern                   kadm.ACLPattern
}

var operations = map[string]kadm.ACLOperation{"Read": kadm.OpRead, "Write": kadm.OpWrite, "Describe": kadm.OpDescribe}

// parseACL reads the arguments of kafka-acls.sh, and refuses those that it does not know.
func parseACL(args []string) (acl, error) {
	rule := acl{pattern: kadm.ACLPatternLiteral}
	for i := 0; i < len(args); i++ {
		if args[i] == "--add" {
			continue
		}
		if i+1 == len(args) {
			return rule, fmt.Errorf("%s: no value", args[i])
		}
		if err := rule.set(args[i], args[i+1]); err != nil {
			return rule, err
		}
		i++
	}
	return rule, nil
}

func (a *acl) set(flag, value string) error {
	switch flag {
	case "--bootstrap-server":
	case "--allow-principal":
		a.principal = value
	case "--operation":
		a.operations = append(a.operations, value)
	case "--topic":
		a.resource, a.name = "topic", value
	case "--group":
		a.resource, a.name = "group", value
	case "--resource-pattern-type":
		if value != "prefixed" {
			return fmt.Errorf("%s: unknown value %q", flag, value)
		}
		a.pattern = kadm.ACLPatternPrefixed
	default:
		return fmt.Errorf("unknown argument %s", flag)
	}
	return nil
}

// builder says the rule in the client's terms. Each operation is a rule of its own to the broker.
func (a acl) builder() (*kadm.ACLBuilder, error) {
	b := kadm.NewACLs().ResourcePatternType(a.pattern).Allow(a.principal)
	switch a.resource {
	case "topic":
		b = b.Topics(a.name)
	case "group":
		b = b.Groups(a.name)
	default:
		return nil, fmt.Errorf("unknown resource %q", a.resource)
	}
	var list []kadm.ACLOperation
	for _, name := range a.operations {
		operation, ok := operations[name]
		if !ok {
			return nil, fmt.Errorf("unknown operation %q", name)
		}
		list = append(list, operation)
	}
	return b.Operations(list...), nil
}

func (a acl) create(ctx context.Context, admin *kadm.Client) error {
	b, err := a.builder()
	if err != nil {
		return err
	}
	results, err := admin.CreateACLs(ctx, b)
	for _, r := range results {
		err = errors.Join(err, r.Err)
	}
	return errors.Join(err, a.settle(ctx, admin, len(a.operations)))
}

// remove fails when there was no such rule.
func (a acl) remove(ctx context.Context, admin *kadm.Client) error {
	b, err := a.builder()
	if err != nil {
		return err
	}
	results, err := admin.DeleteACLs(ctx, b.AllowHosts())
	for _, r := range results {
		err = errors.Join(err, r.Err)
		if len(r.Deleted) == 0 {
			err = errors.Join(err, fmt.Errorf("no such rule: %+v", a))
		}
	}
	return errors.Join(err, a.settle(ctx, admin, 0))
}

// settle waits until the broker has heard from the controller that there are so many of the rules.
func (a acl) settle(ctx context.Context, admin *kadm.Client, want int) error {
	b, err := a.builder()
	if err != nil {
		return err
	}
	for {
		found := 0
		results, err := admin.DescribeACLs(ctx, b.AllowHosts())
		for _, r := range results {
			err = errors.Join(err, r.Err)
			found += len(r.Described)
		}
		if err != nil || found == want {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the broker has %d of %d rules: %w", found, want, ctx.Err())
		case <-time.After(10 * time.Millisecond): // polls what can be seen
		}
	}
}
