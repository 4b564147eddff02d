package pool

type addCustomAttributesRequest struct {
	CustomAttributes []schemaAttribute
}

func addCustomAttributes(c *caller, in *addCustomAttributesRequest) (*none, error) {
	now := c.Now()
	p := c.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.schema.extend(in.CustomAttributes, false); err != nil {
		return nil, err
	}
	p.modified = now
	return &none{}, nil
}
