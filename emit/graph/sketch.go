package graph

import "nselfc/emit/graph/layout"

// connect makes lines of the edges. All edges of a network are one line, as all
// that it joins can reach each other; a door's, an ingress's and a volume's are
// one each, too, and so is what leads out.
func (s *sketch) connect() {
	g := s.graph
	byKey := map[[2]int]int{} // a stroke and a node → line
	get := func(kind stroke, node int) *line {
		key := [2]int{int(kind), node}
		i, ok := byKey[key]
		if !ok {
			i = len(s.lines)
			byKey[key] = i
			s.lines = append(s.lines, line{stroke: kind, node: node})
		}
		return &s.lines[i]
	}
	from := func(l *line, node int) { l.From = append(l.From, layout.End{Box: node}) }
	to := func(l *line, node int) { l.To = append(l.To, layout.End{Box: node}) }
	for _, e := range g.Edges {
		switch e.Kind {
		case Enters:
			kind := strokeInternet
			if g.Nodes[e.From].Kind == Machine {
				kind = strokeMachine
			}
			l := get(kind, e.From)
			if len(l.From) == 0 {
				from(l, e.From)
			}
			to(l, e.To)
		case Serves:
			if g.Nodes[e.To].Kind == Route {
				l := get(strokeRoute, e.From)
				if len(l.From) == 0 {
					from(l, e.From)
				}
				to(l, e.To)
				continue
			}
			from(get(s.networkStroke(e.To), e.To), e.From)
		case Joins:
			from(get(s.networkStroke(e.To), e.To), e.From)
		case Owns: // the owner's box carries the network
		case Leaves:
			l := get(strokeEgress, e.To)
			if len(l.To) == 0 {
				to(l, e.To)
			}
			from(l, e.From)
		case Mounts:
			if g.Nodes[e.To].Kind == Volume && s.of[e.To] >= 0 {
				from(get(strokeMount, e.To), e.From)
			}
		}
	}
	for i := range s.lines {
		l := &s.lines[i]
		if l.stroke <= strokeStore || l.stroke == strokeMount {
			to(l, l.node)
		}
	}
	for _, l := range s.lines {
		for _, e := range l.From {
			if b := s.badge(e.Box); b == nil {
				s.figures[s.of[e.Box]].pins++
			}
		}
		for _, e := range l.To {
			if b := s.badge(e.Box); b != nil {
				b.pins++
			}
		}
	}
}

// networkStroke tells a store's network from others.
func (s *sketch) networkStroke(node int) stroke {
	if n := s.graph.Nodes[node]; n.Owner >= 0 && s.graph.Nodes[n.Owner].Exposure.Store != "" {
		return strokeStore
	}
	return strokeNetwork
}

// badge gives the badge of a network that has an owner; nil for other nodes.
func (s *sketch) badge(node int) *badge {
	if n := s.graph.Nodes[node]; n.Kind != Network || n.Owner < 0 {
		return nil
	}
	f := &s.figures[s.of[node]]
	for _, list := range [...][]badge{f.tabs, f.strips} {
		for i := range list {
			if list[i].node == node {
				return &list[i]
			}
		}
	}
	return nil
}

// attach turns the ends of lines from nodes into stretches of boxes.
func (s *sketch) attach() {
	for i := range s.lines {
		for _, ends := range [...][]layout.End{s.lines[i].From, s.lines[i].To} {
			for k := range ends {
				node := ends[k].Box
				box := s.of[node]
				if b := s.badge(node); b != nil {
					ends[k] = layout.End{Box: box, Lo: b.y, Hi: b.y + b.h}
				} else {
					ends[k] = layout.End{Box: box, Hi: s.figures[box].body}
				}
			}
		}
	}
}

// picture lays the sketch out.
func (s *sketch) picture() *layout.Picture {
	doors, wall, routes := 0, 0, 0
	published := map[int]bool{} // figures that stand behind a door
	for _, n := range s.graph.Nodes {
		switch n.Kind {
		case Internet, Machine:
			doors = 1
		case Firewall:
			wall = 1
		case Route:
			routes = 2
		default: // no column in front
		}
	}
	for _, l := range s.lines {
		if l.stroke == strokeInternet || l.stroke == strokeMachine {
			for _, e := range l.To {
				published[e.Box] = true
			}
		}
	}
	boxes, lines := make([]layout.Box, len(s.figures)), make([]layout.Line, len(s.lines))
	for i := range s.figures {
		f := &s.figures[i]
		kind := s.graph.Nodes[f.node].Kind
		boxes[i] = layout.Box{
			W: f.width(), H: f.height(),
			Anchor: kind == Internet || kind == Machine, Last: kind == Outside,
			Head: kind <= Host || published[i],
		}
		if (kind == Service || kind == Network || kind == Volume) && !published[i] {
			boxes[i].Floor = doors + wall + routes
		}
	}
	for i, l := range s.lines {
		lines[i] = l.Line
	}
	return layout.Make(boxes, lines)
}
