package pool

import "maps"

// mostTags is the maximum number of tags of a pool.
const mostTags = 50

type tagRequest struct {
	Tags map[string]string
}

func tagResource(c *caller, in *tagRequest) (*none, error) {
	return setTags(c, func(tags map[string]string) { maps.Copy(tags, in.Tags) })
}

type untagRequest struct {
	TagKeys []string
}

func untagResource(c *caller, in *untagRequest) (*none, error) {
	return setTags(c, func(tags map[string]string) {
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
	})
}

func setTags(c *caller, change func(map[string]string)) (*none, error) {
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	tags := maps.Clone(p.set.record.UserPoolTags)
	change(tags)
	if len(tags) > mostTags {
		return nil, tooManyTags()
	}
	p.set.record.UserPoolTags = tags
	return &none{}, nil
}

func tooManyTags() error {
	return invalidParameter("A user pool cannot have more than %d tags.", mostTags)
}

type tagsResponse struct {
	Tags map[string]string
}

func listTags(c *caller, _ *none) (*tagsResponse, error) {
	return &tagsResponse{c.pool.settings().record.UserPoolTags}, nil
}
