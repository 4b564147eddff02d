package pool

import (
	"encoding/json"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// What the requests and responses of several operations are made of.

// none is the request of calls that say nothing but whom they are about, and the response of those
// that have nothing to say.
type none struct{}

// timestamp is a time on the wire: seconds since 1970, with a fraction.
type timestamp time.Time

func (t timestamp) MarshalJSON() ([]byte, error) {
	return json.Marshal(float64(time.Time(t).UnixMilli()) / 1000)
}

// userType describes a user.
type userType struct {
	Username             string
	Attributes           attributes
	UserCreateDate       timestamp
	UserLastModifiedDate timestamp
	Enabled              bool
	UserStatus           types.UserStatusType
}

func (u *user) wire() userType {
	return userType{
		Username: u.name, Attributes: u.listed(), Enabled: !u.disabled, UserStatus: u.status,
		UserCreateDate: timestamp(u.created), UserLastModifiedDate: timestamp(u.modified),
	}
}

// deliveryResponse says where a code went.
type deliveryResponse struct {
	CodeDeliveryDetails *codeDelivery
}
