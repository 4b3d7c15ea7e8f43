package kernel

import "unsafe"

// linearRange writes columns from to to-1 of y. Rows of x end at a multiple of 8, with zeros behind w.In numbers.
func linearRange(y, x Matrix, w *Weights, from, to int) {
	if !accelerated.Load() {
		linearPortable(y, x, w, from, to)
		return
	}
	whole := w.In%8 == 0
	if whole && x.Rows <= 2 {
		groups := (to - from) / 4
		for i := 0; i < x.Rows && groups > 0; i++ {
			dotRows(w, from, &x.Data[i*x.Stride], &y.Data[i*y.Stride+from], groups)
		}
		from += 4 * groups
	}
	if from == to {
		return
	}
	cols := (w.In + 7) &^ 7
	scratch, free := borrow(4 * cols)
	defer free()
	for out := from; out < to; out += 4 {
		rows := min(4, to-out)
		if rows == 4 && whole && w.DType == F32 {
			dotPanel(y, x, out, 4, (*float32)(unsafe.Pointer(&w.data[out*w.stride])), w.stride)
			continue
		}
		for i := range 4 {
			row := scratch[i*cols : (i+1)*cols]
			if i >= rows {
				clear(row)
				continue
			}
			w.Row(row[:w.In], out+i)
			clear(row[w.In:])
		}
		dotPanel(y, x, out, rows, &scratch[0], 4*cols)
	}
}

// mulTRange is MulT for rows whose length is a multiple of 8.
func mulTRange(y, x, w Matrix) {
	if !accelerated.Load() {
		mulTPortable(y, x, w)
		return
	}
	whole := w.Rows &^ 3
	for out := 0; out < whole; out += 4 {
		dotPanel(y, x, out, 4, &w.Data[out*w.Stride], 4*w.Stride)
	}
	if whole == w.Rows {
		return
	}
	scratch, free := borrow(4 * w.Cols)
	defer free()
	clear(scratch)
	for i := whole; i < w.Rows; i++ {
		copy(scratch[(i-whole)*w.Cols:], w.Row(i))
	}
	dotPanel(y, x, whole, w.Rows-whole, &scratch[0], 4*w.Cols)
}

// dotPanel writes columns out to out+cols-1 of y: the dot products of x's rows with four rows from w on, of which the
// first cols count. Rows are as long as x's and stride bytes apart.
func dotPanel(y, x Matrix, out, cols int, w *float32, stride int) {
	k8 := x.Cols / 8
	if cols == 4 {
		threes, pairs := x.Rows/3, 0
		switch rest := x.Rows % 3; {
		case rest == 2:
			pairs = 1
		case rest == 1 && threes > 0:
			threes, pairs = threes-1, 2
		}
		if threes > 0 {
			dotTiles(k8, w, stride, &x.Data[0], 4*x.Stride, &y.Data[out], 4*y.Stride, threes)
		}
		row := 3 * threes
		if pairs > 0 {
			dotPairs(k8, w, stride, &x.Data[row*x.Stride], 4*x.Stride, &y.Data[row*y.Stride+out], 4*y.Stride, pairs)
		} else if row < x.Rows {
			dotRowsF32(k8, bytesOf(w), stride, &x.Data[row*x.Stride], &y.Data[row*y.Stride+out], 1)
		}
		return
	}
	var four [4]float32
	for i := range x.Rows {
		dotRowsF32(k8, bytesOf(w), stride, &x.Data[i*x.Stride], &four[0], 1)
		copy(y.Data[i*y.Stride+out:i*y.Stride+out+cols], four[:])
	}
}
