package httpapi

// The functions of this file take msgpack apart that checkMsgpack has accepted; they look for no faults again.

// msgpackSkip returns how long the item at the beginning of b is, and how deeply it is nested.
func msgpackSkip(b []byte) (size, depth int) {
	item, _ := readMsgpack(b)
	size = item.size
	if item.kind != msgpackList && item.kind != msgpackMap {
		return size, 0
	}
	items := item.count
	if item.kind == msgpackMap {
		items *= 2
	}
	for range items {
		n, d := msgpackSkip(b[size:])
		size, depth = size+n, max(depth, d)
	}
	return size, depth + 1
}

// msgpackMembers calls each with the members of a map, and reports whether all its names are text.
func msgpackMembers(b []byte, each func(name, value []byte)) bool {
	item, _ := readMsgpack(b)
	b = b[item.size:]
	for range item.count {
		name, _ := readMsgpack(b)
		if name.kind != msgpackText {
			return false
		}
		b = b[name.size:]
		size, _ := msgpackSkip(b)
		each(name.payload, b[:size])
		b = b[size:]
	}
	return true
}

// msgpackItems calls each with the items of a list.
func msgpackItems(b []byte, each func(value []byte)) {
	item, _ := readMsgpack(b)
	b = b[item.size:]
	for range item.count {
		size, _ := msgpackSkip(b)
		each(b[:size])
		b = b[size:]
	}
}
